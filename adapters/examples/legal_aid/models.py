"""Who applied for what, and which sessions live. People are keyed by issuer and subject."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Resident(AbstractBaseUser):
    """``subject`` is pairwise: no other app of the city knows this person by it."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    objects = BaseUserManager()
    USERNAME_FIELD = "subject"

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_row_per_person"),
        )


class Matter(models.Model):
    """An application for legal aid."""

    resident = models.ForeignKey(Resident, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    summary = models.CharField(max_length=1000)
    received = models.DateTimeField(auto_now_add=True)


class LiveSession(models.Model):
    """What a back-channel logout needs to find a session again."""

    session_key = models.CharField(max_length=40, unique=True)
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    sid = models.CharField(max_length=255)
