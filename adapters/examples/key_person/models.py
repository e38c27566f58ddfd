"""What was done for whom. People who work here are named as they were called then."""

from django.db import models


class Step(models.Model):
    """What became of one service plan."""

    plan = models.CharField(max_length=20, unique=True)
    visited_by = models.CharField(max_length=255, blank=True)
    closed_by = models.CharField(max_length=255, blank=True)
