"""What is demanded of the machine that runs these tests."""

from typing import NoReturn

import pytest


def absent(server: str) -> NoReturn:
    """Fail with a sentence that says what to do."""
    pytest.fail(f"{server} is not installed: .ci/run names the packages")
