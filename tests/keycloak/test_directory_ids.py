"""Ids go into addresses as they are: what could leave its place there is no id."""

import pytest

from idp_bridge.keycloak.admin import is_id


@pytest.mark.parametrize(
    "value",
    [
        "0d268dd1-2cf7-47b1-a4f7-5e8c0d26bcad",
        "-J64kfWPHpNgPT3axmoJS_Uk",
        "_J64kfWPHpNgPT3axmoJS-Uk",
        "f:1b8b117e-a14f-44c5-9f0e-f2d68693eab1:zhang.wei",
    ],
)
def test_keycloaks_own_ids_are_ids(value: str) -> None:
    assert is_id(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        ".a",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a%2e",
        "a b",
        "a\n",
        "ａ",
        "a;b",
        "a" * 300,
    ],
)
def test_what_could_leave_its_place_is_no_id(value: str) -> None:
    assert not is_id(value)
