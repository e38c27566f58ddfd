"""Rules and state machines. Imports the standard library and ``idp_bridge_qr`` only."""
