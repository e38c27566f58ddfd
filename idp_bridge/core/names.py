"""What to call a person: Chinese names are written family name first and without a space."""

_FIRST, _LAST = "㐀", "鿿"


def full_name(given: str, family: str, otherwise: str = "") -> str:
    """The name in the order of its script; ``otherwise`` when there is none."""
    whole = f"{family}{given}"
    if any(_FIRST <= letter <= _LAST for letter in whole):
        return whole
    return f"{given} {family}".strip() or otherwise
