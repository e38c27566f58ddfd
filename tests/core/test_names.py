"""Names are written in the order of their script."""

import pytest

from idp_bridge.core.names import full_name


@pytest.mark.parametrize(
    ("given", "family", "name"),
    [("伟", "张", "张伟"), ("Wei", "Zhang", "Wei Zhang"), ("", "张", "张"), ("", "", "zhangwei")],
)
def test_a_person_is_called_as_their_script_says(given: str, family: str, name: str):
    assert full_name(given, family, "zhangwei") == name
