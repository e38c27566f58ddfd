"""Keys and codes: signing, strict decoding, offline checks. No network, no clock of its own."""
