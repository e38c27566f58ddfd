"""Keys and codes: signing, strict decoding, offline verification. No network, no clock of its own."""
