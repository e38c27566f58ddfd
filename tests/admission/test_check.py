"""Every check passes for a sound app, and fails for an app with the fault that it is about."""

import pytest

from idp_bridge.admission.check import CannotCheck, digest_of
from tests.admission.conftest import checked, failed, manifest
from tests.admission.small_apps import APP, CasApp, OidcApp, SamlApp, SmallApp, TicketApp
from tests.admission.small_keycloak import SmallKeycloak

APPS: dict[str, type[SmallApp]] = {
    "oidc": OidcApp,
    # The gate speaks OpenID Connect in the app's place.
    "forward-auth": OidcApp,
    "cas": CasApp,
    "ticket": TicketApp,
    "saml": SamlApp,
}
FAULTS = [
    ("oidc", "lets anonymous people in", ("anonymous", "anonymous_inside")),
    ("oidc", "ignores roles", ("no_role", "role_ignored")),
    ("oidc", "ignores roles", ("other_role", "role_ignored")),
    ("oidc", "ignores state", ("tampered", "tampered_accepted")),
    ("oidc", "ignores state", ("swapped", "swapped_accepted")),
    ("oidc", "accepts any code", ("tampered", "tampered_accepted")),
    ("oidc", "accepts any code", ("logout", "logout_ignored")),
    ("oidc", "sends the same state", ("request", "no_state")),
    ("oidc", "asks without PKCE", ("request", "no_pkce")),
    ("oidc", "keeps the session", ("fixation", "session_kept")),
    ("oidc", "believes headers", ("forged", "headers_believed")),
    ("oidc", "ignores logout", ("logout", "logout_ignored")),
    ("oidc", "puts the name into an address", ("urls", "personal_in_url")),
    ("oidc", "puts a token into an address", ("urls", "token_in_url")),
    ("oidc", "leaves the ticket in the address", ("urls", "left_in_url")),
    ("oidc", "tells others its address", ("referer", "referer_tells")),
    ("oidc", "a cookie without secure", ("cookies", "cookie_without_secure")),
    ("oidc", "a cookie without httponly", ("cookies", "cookie_without_httponly")),
    ("oidc", "a cookie without samesite", ("cookies", "cookie_without_samesite")),
    ("oidc", "takes any cookie", ("cookies", "cookie_not_verified")),
    ("cas", "takes any ticket", ("tampered", "tampered_accepted")),
    ("cas", "takes a used ticket again", ("replayed", "replay_accepted")),
    ("cas", "does not encode the ticket", ("injected", "injected_accepted")),
    ("cas", "ignores logout", ("logout", "logout_ignored")),
    ("forward-auth", "believes headers", ("forged", "headers_believed")),
    ("forward-auth", "ignores state", ("swapped", "swapped_accepted")),
    ("saml", "wants no signature", ("tampered", "tampered_accepted")),
    ("saml", "compares no signature", ("tampered", "tampered_accepted")),
    ("saml", "takes it twice", ("replayed", "replay_accepted")),
    ("saml", "ignores roles", ("no_role", "role_ignored")),
    ("ticket", "verifies no signature", ("tampered", "tampered_accepted")),
    ("ticket", "lets the ticket choose", ("tampered", "tampered_accepted")),
    ("ticket", "takes tickets of other apps", ("minted", "minted_accepted")),
    ("ticket", "ignores state", ("swapped", "swapped_accepted")),
    ("ticket", "takes it twice", ("replayed", "replay_accepted")),
]


@pytest.mark.parametrize("protocol", APPS)
async def test_a_sound_app_passes_every_check_and_nobody_is_left_behind(protocol: str):
    keycloak = SmallKeycloak()

    report = await checked(manifest(protocol), APPS[protocol](keycloak))

    assert failed(report) == set()
    assert report.passed
    assert {"enter", "anonymous", "told", "no_role", "other_role", "logout", "replayed"} <= {
        finding.check for finding in report.findings if finding.status == "passed"
    }
    assert keycloak.people == {}


@pytest.mark.parametrize(("protocol", "fault", "expected"), FAULTS)
async def test_a_fault_is_found_by_the_check_that_is_about_it(
    protocol: str, fault: str, expected: tuple[str, str]
):
    report = await checked(manifest(protocol), APPS[protocol](SmallKeycloak(), fault))

    assert expected in failed(report)
    assert not report.passed


async def test_what_the_manifest_does_not_release_is_told_too_much():
    keycloak = SmallKeycloak(claims=("name", "phone"))

    report = await checked(manifest("oidc"), OidcApp(keycloak))

    assert ("told", "too_much") in failed(report)


async def test_a_claim_that_nobody_knows_is_told_too_much():
    report = await checked(manifest("oidc"), OidcApp(SmallKeycloak(also={"salary_group": "E9"})))

    assert [dict(f.facts) for f in report.failures] == [{"claim": "salary_group", "where": "id"}]


async def test_what_the_manifest_releases_and_keycloak_does_not_tell_is_found():
    report = await checked(manifest("cas", claims=["name", "phone"]), CasApp(SmallKeycloak()))

    assert ("told", "too_little") in failed(report)


async def test_an_account_id_where_a_pairwise_subject_was_promised_is_found():
    report = await checked(manifest("oidc", subject="pairwise"), OidcApp(SmallKeycloak()))

    assert ("told", "subject") in failed(report)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (f"{APP}/*", "wildcard"),
        ("https://*.example/callback", "wildcard"),
        (f"{APP}/callback*", "wildcard"),
        ("http://canteen.example/callback", "plain_http"),
        ("https://somebody@canteen.example/callback", "no_plain_address"),
    ],
)
async def test_an_address_that_covers_too_much_is_found(address: str, reason: str):
    report = await checked(manifest("oidc"), OidcApp(SmallKeycloak()), redirect_uris=(address,))

    assert failed(report) == {("addresses", reason)}


@pytest.mark.parametrize(
    ("roles", "units", "expected"),
    [
        ({"canteen": ["cook"]}, ["/baoan/cook"], set()),
        ({"canteen": ["cook"], "library": ["reader"]}, ["/baoan/cook"], {"machine_roles"}),
        ({}, ["/baoan/cook"], {"machine_roles"}),
        ({"canteen": ["cook"]}, ["/baoan/cook", "/cook"], {"machine_posts"}),
        ({"canteen": ["cook"]}, [], {"machine_posts"}),
    ],
)
async def test_a_service_account_has_its_declared_roles_and_units_only(
    roles: dict[str, list[str]], units: list[str], expected: set[str]
):
    keycloak = SmallKeycloak()
    access = {client: {"roles": held} for client, held in roles.items()}
    keycloak.machines["kitchen-machine"] = {"resource_access": access, "groups": units}
    declared = [{"id": "kitchen-machine", "roles": ["cook"], "orgs": ["/baoan"]}]

    report = await checked(manifest("oidc", service_accounts=declared), OidcApp(keycloak))

    assert failed(report) == {("machines", reason) for reason in expected}


async def test_a_service_account_that_is_not_there_is_found():
    declared = [{"id": "kitchen-machine", "roles": ["cook"]}]

    report = await checked(manifest("oidc", service_accounts=declared), OidcApp(SmallKeycloak()))

    assert failed(report) == {("machines", "machine_missing")}


async def test_an_app_without_a_logout_address_is_noted_and_may_pass():
    report = await checked(manifest("oidc", oidc={}), OidcApp(SmallKeycloak(), "ignores logout"))

    [noted] = [finding for finding in report.findings if finding.status == "warned"]
    assert (noted.check, noted.reason) == ("logout", "no_logout_address")
    assert report.passed


async def test_where_everybody_gets_in_nothing_else_is_judged():
    report = await checked(manifest("oidc"), OidcApp(SmallKeycloak(), "lets anonymous people in"))

    assert failed(report) == {("anonymous", "anonymous_inside")}
    assert [f.check for f in report.findings if f.status == "skipped"] == ["rest"]


async def test_somebody_below_the_lowest_level_who_is_let_in_is_found():
    report = await checked(manifest("oidc"), OidcApp(SmallKeycloak()), minimum_acr="mfa")

    assert ("acr", "level_ignored") in failed(report)


async def test_a_level_that_somebody_took_off_at_keycloak_is_found():
    app = manifest("oidc", minimum_acr={"workers": "mfa"})

    report = await checked(app, OidcApp(SmallKeycloak()), minimum_acr="")

    assert {("acr", "level_not_set"), ("acr", "level_ignored")} <= failed(report)


async def test_people_are_removed_also_when_the_check_breaks_off():
    class Breaking(SmallKeycloak):
        async def settle(self) -> None:
            raise KeyboardInterrupt

    keycloak = Breaking()
    with pytest.raises(KeyboardInterrupt):
        await checked(manifest("oidc"), OidcApp(keycloak))

    assert keycloak.people == {}


async def test_people_of_a_check_that_was_killed_are_removed_before_anybody_is_made():
    class Watching(SmallKeycloak):
        async def settle(self) -> None:
            assert left.username not in self.people

    keycloak = Watching()
    left = await keycloak.make("workers", [("canteen", "cook")], second_factor=False)

    await checked(manifest("oidc"), OidcApp(keycloak))


async def test_a_suspended_app_is_not_checked():
    with pytest.raises(CannotCheck, match="suspended"):
        await checked(manifest("oidc"), OidcApp(SmallKeycloak()), enabled=False)


def test_a_changed_manifest_has_another_digest_and_a_changed_secret_has_not():
    app = manifest("oidc", oidc={"secret": {"workers": "one"}})

    assert digest_of(app) == digest_of(manifest("oidc", oidc={"secret": {"workers": "two"}}))
    assert digest_of(app) != digest_of(manifest("oidc", claims=["name", "phone"]))
