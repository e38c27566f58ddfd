"""i-Mediation, an app of both realms: Django with this project's SDK."""
