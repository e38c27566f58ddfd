"""LDAP tells nobody of its changes, and they are in force in the portal soon all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import ldap3
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.live.portal_visits import Stack, sign_in
from tests.waiting import within

VOLUNTEER = "wumin"
# Keycloak may hold what LDAP said for 2 s, and the portal what Keycloak said for 2 s.
IN_FORCE = 5


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@contextmanager
def _as_leader(stack: Stack, username: str) -> Iterator[None]:
    """In the LDAP group `leader` for a while."""
    told = stack["ldap"]
    group = f"cn=leader,ou=groups,{told['base']}"
    member = f"uid={username},ou=people,{told['base']}"
    with ldap3.Connection(told["url"], told["bind_dn"], told["password"]) as ldap:
        assert ldap.modify(group, {"member": [(ldap3.MODIFY_ADD, [member])]}), ldap.result
        try:
            yield
        finally:
            assert ldap.modify(group, {"member": [(ldap3.MODIFY_DELETE, [member])]}), ldap.result


def test_a_role_given_and_taken_in_ldap_is_given_and_taken_in_the_portal(
    stack: Stack, page: Page
) -> None:
    sign_in(page, stack, stack["urls"]["worker_portal"], VOLUNTEER)

    def leads() -> bool:
        page.reload()
        return any("观察员" in text for text in page.locator("a.tile").all_inner_texts())

    assert not leads()
    with _as_leader(stack, VOLUNTEER):
        assert within(IN_FORCE, leads)
    assert within(IN_FORCE, lambda: not leads())
