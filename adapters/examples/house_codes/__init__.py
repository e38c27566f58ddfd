"""House codes, an app of both realms: Flask, Authlib and ``idp_bridge_adapters``."""
