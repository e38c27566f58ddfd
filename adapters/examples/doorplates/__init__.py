"""Police doorplates (门楼牌), an app of both realms: Flask with this project's SDK."""
