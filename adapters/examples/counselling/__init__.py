"""Counselling booking, an app of both realms: FastAPI with this project's SDK."""
