"""The disputes that residents brought. People are keyed by issuer and subject."""

from django.db import models


class Dispute(models.Model):
    """``subject`` is pairwise: no other app knows the party by it. ``org`` is where it happens."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    org = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    summary = models.CharField(max_length=1000)
    brought = models.DateTimeField(auto_now_add=True)
    agreement = models.CharField(max_length=1000, blank=True)
    mediator = models.CharField(max_length=255, blank=True)
