"""Key-person services, an older app for workers: Django, and django-cas-ng for CAS."""
