"""House codes, an app of both realms: Flask with this project's SDK."""
