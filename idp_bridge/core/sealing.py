"""Port: secrets that have to be kept are kept sealed."""

from typing import Protocol


class Sealer(Protocol):
    """Authenticated encryption under a key of the installation.

    ``unseal`` gives back what ``seal`` was given for the same ``purpose`` and raises
    ``InvalidGrant`` for anything else: another purpose, another key, a changed byte.
    """

    def seal(self, plain: bytes, purpose: str) -> str: ...

    def unseal(self, sealed: str, purpose: str) -> bytes: ...
