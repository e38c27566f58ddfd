"""Browsers and an administrator for the tests about rights."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.live.portal_visits import Stack
from tests.live.why.people import Ask, Console, asker

NewBrowser = Callable[[], BrowserContext]


@pytest.fixture
def console(stack: Stack) -> Console:
    """Realm ``workers``."""
    return Console(stack, "workers")


@pytest.fixture
def ask(stack: Stack) -> Ask:
    """The command line, as JSON."""
    return asker(stack)
