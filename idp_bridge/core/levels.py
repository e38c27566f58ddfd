"""How strongly somebody signed in: the ``acr`` values in their order."""

from collections.abc import Iterable

RANKS = {"activation": 0, "qr": 1, "password": 2, "mfa": 3, "passkey": 4}


def reaches(proven: str, wanted: Iterable[str]) -> bool:
    """Whether ``proven`` is one of ``wanted`` or stronger; a value nobody knows is not reached."""
    rank = RANKS.get(proven, -1)
    return any(value in RANKS and RANKS[value] <= rank for value in wanted)


def answered(proven: str, wanted: Iterable[str]) -> str:
    """The ``acr`` to answer: the strongest wanted value that was proven, else what was proven."""
    rank = RANKS.get(proven, -1)
    reached = [value for value in wanted if value in RANKS and RANKS[value] <= rank]
    return max(reached, key=RANKS.__getitem__) if reached else proven
