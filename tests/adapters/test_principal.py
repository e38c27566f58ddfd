"""Posts: role and org belong together, and a unit covers what lies below it."""

from datetime import UTC, datetime

import pytest

from idp_bridge_adapters.principal import Machine, Post, Principal, acr_reaches, posts_of
from idp_bridge_adapters.roles import AppRole

STREET = "/baoan/xixiang"
GRID_A = f"{STREET}/laodong/grid-a"
GRID_B = f"{STREET}/laodong/grid-b"


def somebody(*groups: str) -> Principal:
    return Principal(
        issuer="https://idp.test/realms/workers",
        subject="u1",
        realm="workers",
        name="陈网格",
        roles=frozenset({"handler"}),
        posts=posts_of(groups),
        acr="password",
        sid="s1",
        auth_time=datetime(2026, 11, 24, tzinfo=UTC),
    )


def test_a_grid_worker_in_a_who_is_a_counsellor_in_b_is_not_a_grid_worker_in_b():
    person = somebody(f"{GRID_A}/grid-worker", f"{GRID_B}/counsellor")

    assert person.holds("grid-worker", org=GRID_A)
    assert person.holds("counsellor", org=GRID_B)
    assert not person.holds("grid-worker", org=GRID_B)
    assert not person.holds("counsellor", org=GRID_A)


def test_a_post_at_a_street_covers_the_grids_below_it_and_not_the_district_above():
    person = somebody(f"{STREET}/staff")

    assert person.holds("staff", org=GRID_A)
    assert person.holds("staff", org=STREET + "/")
    assert not person.holds("staff", org="/baoan")


@pytest.mark.parametrize(
    "other", ["/baoan/xixiang2", "/baoan/xixian", "/BAOAN/xixiang", "baoan/xixiang", "", "/"]
)
def test_a_unit_whose_name_merely_begins_alike_is_another_unit(other: str):
    assert not somebody(f"{STREET}/staff").holds("staff", org=other)


def test_a_group_at_the_top_is_no_post():
    assert posts_of(["/bridge-admin", "staff", "/", "", "/baoan/"]) == frozenset()
    assert posts_of(["/baoan/staff"]) == {Post("staff", "/baoan")}


def test_the_orgs_of_a_role_are_those_of_its_own_posts():
    person = somebody(f"{GRID_A}/grid-worker", f"{GRID_B}/counsellor", f"{STREET}/volunteer")

    assert person.orgs("grid-worker") == {GRID_A}


def test_people_of_two_realms_with_one_subject_are_two_people():
    one = somebody()
    other = Principal(
        issuer="https://idp.test/realms/residents",
        subject=one.subject,
        realm="residents",
        name=one.name,
        roles=one.roles,
        posts=one.posts,
        acr=one.acr,
        sid=one.sid,
    )

    assert one.key != other.key


@pytest.mark.parametrize(
    ("acr", "minimum", "enough"),
    [
        ("qr", "qr", True),
        ("passkey", "mfa", True),
        ("qr", "password", False),
        ("activation", "qr", False),
        ("0", "activation", False),
        ("", "activation", False),
        ("gold", "activation", False),
    ],
)
def test_an_acr_reaches_what_is_at_most_as_strong(acr: str, minimum: str, enough: bool):
    assert acr_reaches(acr, minimum) is enough


class Role(AppRole):
    HANDLER = "handler", Post("grid-worker", STREET), "police"
    READER = "reader"


def test_a_role_reaches_as_far_as_the_posts_that_give_it_and_no_further():
    person = somebody(f"{GRID_A}/grid-worker", "/baoan/xinan/grid-worker", f"{GRID_B}/counsellor")

    assert person.reach(Role.HANDLER) == {GRID_A}
    assert person.may(Role.HANDLER, org=f"{GRID_A}/house-1")
    assert not person.may(Role.HANDLER, org="/baoan/xinan")
    assert not person.may(Role.HANDLER, org=GRID_B)
    assert not person.may(Role.HANDLER, org=GRID_A + "a")


def test_a_post_above_the_limit_reaches_the_limit_only():
    person = somebody("/baoan/grid-worker", "/baoan/xinan/police")

    assert person.reach(Role.HANDLER) == {STREET, "/baoan/xinan"}
    assert not person.may(Role.HANDLER, org="/baoan")


def test_a_role_that_is_not_held_reaches_nothing_whatever_the_posts():
    person = somebody(f"{GRID_A}/reader", f"{GRID_A}/grid-worker")

    assert not person.may(Role.READER)
    assert person.reach(Role.READER) == frozenset()
    assert person.may("handler")
    assert person.may("handler", org=GRID_A) is False


def test_a_machines_posts_name_the_apps_own_roles():
    person = somebody(f"{GRID_A}/handler", f"{GRID_B}/grid-worker")
    machine = Machine(**{name: getattr(person, name) for name in Principal.__slots__})

    assert machine.reach(Role.HANDLER) == {GRID_A}
    assert person.reach(Role.HANDLER) == {GRID_B}
