"""The admission check: plays a browser against the real app and says what is wrong with it."""
