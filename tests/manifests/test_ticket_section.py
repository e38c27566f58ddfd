"""What a manifest may not say of signed tickets."""

from pathlib import Path
from typing import Any

import pytest

from tests.manifests.test_manifest import refusal

LONG = {"workers": "w" * 43}


@pytest.mark.parametrize(
    ("ticket", "said"),
    [
        ({"algorithm": "HS256"}, "ticket.secret lacks workers"),
        ({"algorithm": "HS256", "secret": {"residents": "r" * 43}}, "ticket.secret lacks workers"),
        ({"algorithm": "none"}, "ticket.algorithm"),
        ({"secret": {"workers": "too short"}}, "ticket.secret.workers"),
        ({"secret": {"workers": "w" * 42 + ":"}}, "ticket.secret.workers"),
        ({"secret": {**LONG, "residents": LONG["workers"]}}, "the same secret"),
        ({"logout_url": "https://user@forms.example/over"}, "ticket.logout_url"),
        ({"delivery": "mail"}, "ticket.delivery"),
        ({"life": 3600}, "ticket.life is no key"),
    ],
)
def test_what_would_be_unsafe_is_refused_in_words(
    tmp_path: Path, ticket: dict[str, Any], said: str
) -> None:
    assert said in refusal(tmp_path, protocol="ticket", ticket=ticket)
