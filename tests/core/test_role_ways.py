"""Every way to a role is written out, and only those that are there."""

from idp_bridge.core.role_links import Role
from idp_bridge.core.role_ways import WAYS_SHOWN, Holdings, Joint, Step, ways_to, with_those_above

HANDLER, WORKER, CHIEF = Role("grid", "handler"), Role("", "grid-worker"), Role("", "chief")
POST = "/baoan/grid-12/grid-worker"
CARRIED = Step(Joint.COMPOSITE, "grid-worker", "grid/handler")


def _holdings(**what: object) -> Holdings:
    facts: dict[str, object] = {"composites": {WORKER: frozenset({HANDLER})}, **what}
    return Holdings("chen", **facts)  # type: ignore[arg-type]


def test_a_post_leads_through_its_realm_role_to_the_app() -> None:
    holdings = _holdings(groups=frozenset({POST}), group_roles={POST: frozenset({WORKER})})

    assert ways_to(HANDLER, holdings) == (
        (
            Step(Joint.MEMBER, "chen", POST),
            Step(Joint.GROUP_ROLE, POST, "grid-worker"),
            CARRIED,
        ),
    )


def test_a_group_above_gives_its_roles_too() -> None:
    holdings = _holdings(groups=frozenset({POST}), group_roles={"/baoan": frozenset({HANDLER})})

    [way] = ways_to(HANDLER, holdings)

    assert way == (
        Step(Joint.MEMBER, "chen", POST),
        Step(Joint.GROUP_ROLE, "/baoan", "grid/handler"),
    )


def test_a_group_beside_with_a_longer_name_gives_nothing() -> None:
    holdings = _holdings(groups=frozenset({POST}), group_roles={"/bao": frozenset({HANDLER})})

    assert ways_to(HANDLER, holdings) == ()


def test_the_shortest_way_comes_first() -> None:
    holdings = _holdings(direct=frozenset({HANDLER, WORKER}))

    assert [len(way) for way in ways_to(HANDLER, holdings)] == [1, 2]


def test_composites_in_a_circle_give_each_way_once() -> None:
    circle = {WORKER: frozenset({HANDLER, CHIEF}), CHIEF: frozenset({WORKER})}
    holdings = _holdings(direct=frozenset({CHIEF}), composites=circle)

    assert [len(way) for way in ways_to(HANDLER, holdings)] == [3]


def test_a_tangle_of_composites_is_cut_short() -> None:
    layers = [[Role("", f"r{layer}-{n}") for n in range(6)] for layer in range(8)]
    tangle = {role: frozenset(layers[i + 1]) for i in range(7) for role in layers[i]}
    tangle |= {role: frozenset({HANDLER}) for role in layers[-1]}
    holdings = _holdings(direct=frozenset(r for layer in layers for r in layer), composites=tangle)

    assert len(ways_to(HANDLER, holdings)) == WAYS_SHOWN


def test_a_group_is_followed_by_those_above_it() -> None:
    assert with_those_above("/baoan/grid-12") == ("/baoan/grid-12", "/baoan")
