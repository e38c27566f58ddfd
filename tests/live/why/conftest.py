"""Browsers and an administrator for the tests about rights."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browsers import chromium_program
from tests.live.portal_visits import Stack
from tests.live.why.people import Ask, Console, asker

NewBrowser = Callable[[], BrowserContext]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[NewBrowser]:
    """Makes browsers with cookies of their own."""
    made: list[BrowserContext] = []

    def new() -> BrowserContext:
        made.append(chromium.new_context(locale="zh-CN"))
        return made[-1]

    yield new
    for context in made:
        context.close()


@pytest.fixture
def console(stack: Stack) -> Console:
    """Realm ``workers``."""
    return Console(stack, "workers")


@pytest.fixture
def ask(stack: Stack) -> Ask:
    """The command line, as JSON."""
    return asker(stack)
