"""Dispatch (协同指挥): machines file events, dispatchers assign, leaders see figures."""
