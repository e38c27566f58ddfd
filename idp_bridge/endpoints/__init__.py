"""What the bridge speaks to apps: one protocol a module, over the doors and grants of the core."""
