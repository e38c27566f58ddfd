"""What a manifest may say, and how it is told what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_bridge.manifests.manifest import AppManifest
from idp_bridge.manifests.reading import ManifestError, load_manifest, load_manifests
from idp_bridge.manifests.schema import schema_text

REALMS = Path(__file__).parents[2] / "realms"
FILES = sorted((REALMS / "apps").glob("*.yaml"))


class Anything(dict[str, str]):
    """A value for every name."""

    def __missing__(self, name: str) -> str:
        return (
            name.ljust(43, "s") if "secret" in name else f"https://{name.replace('_', '-')}.example"
        )


def declared(**changed: Any) -> dict[str, Any]:
    """A small manifest over CAS, with ``changed`` in it."""
    return {
        "id": "key-person",
        "names": {"zh": "重点人员", "en": "Key persons"},
        "realms": ["workers"],
        "protocol": "cas",
        "url": {"workers": "https://key.example/"},
        "addresses": {"workers": ["https://key.example/login"]},
        "roles": {"workers": {"viewer": {"names": {"zh": "查看", "en": "Viewer"}}}},
        **changed,
    }


def refusal(tmp_path: Path, **changed: Any) -> str:
    """What the author of such a manifest is told."""
    file = tmp_path / "key-person.yaml"
    file.write_text(yaml.safe_dump(declared(**changed), allow_unicode=True), encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(file, {})
    return str(caught.value)


def test_our_own_manifests_can_be_read() -> None:
    apps = load_manifests(FILES, Anything())

    assert {"grid-service", "legal-aid", "house-codes"} <= {app.id for app in apps}


def test_our_own_manifests_name_the_schema_for_editors() -> None:
    for file in FILES:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../app.schema.json", file.name


def test_the_published_schema_is_current() -> None:
    assert (REALMS / "app.schema.json").read_text(encoding="utf-8") == schema_text()


def test_nothing_is_released_unless_the_manifest_says_so() -> None:
    assert AppManifest.model_validate(declared()).claims == ()


def test_a_key_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    assert "key-person.yaml: redirect_uris is no key" in refusal(tmp_path, redirect_uris={})


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, names={"zh": "重点人员"}, protocol="CAS")

    assert "key-person.yaml: names.en is missing: add it" in told
    assert "protocol" in told


def test_a_realm_without_an_address_of_its_own_is_refused(tmp_path: Path) -> None:
    assert "url lacks residents: add it" in refusal(tmp_path, realms=["workers", "residents"])


def test_a_section_of_another_protocol_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, oidc={"logout_url": "https://key.example/bye"})

    assert "section oidc does not fit protocol cas: remove it" in told


@pytest.mark.parametrize(
    "address",
    [
        "https://key.example/*/login",
        "https://key.example*",
        "https://*.example/login",
        "https://key.example@evil.example/",
        "https://key.example/a/../b",
        "https://key.example/login?ticket=1",
        "https://key.example/login?code=1",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_could_mean_two_things_is_refused(tmp_path: Path, address: str) -> None:
    assert "addresses.workers.0" in refusal(tmp_path, addresses={"workers": [address]})


def test_a_machine_cannot_have_a_role_that_the_app_lacks(tmp_path: Path) -> None:
    machine = {"id": "dispatch-machine", "roles": ["admin"]}

    assert "dispatch-machine has admin" in refusal(tmp_path, service_accounts=[machine])


@pytest.mark.parametrize("name", ["ldap_password", "bridge_secret", "mediation_secret_workers"])
def test_a_manifest_cannot_have_a_secret_of_others_filled_in(tmp_path: Path, name: str) -> None:
    """People read the contact in the portal."""
    assert f"${{{name}}} is another's" in refusal(tmp_path, contact=f"call ${{{name}}}")
    assert f"${{{name}}} is another's" in refusal(tmp_path, addresses={"workers": [f"${{{name}}}"]})


def test_two_manifests_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump(declared()), encoding="utf-8")

    with pytest.raises(ManifestError, match="two manifests have the id key-person"):
        load_manifests(sorted(tmp_path.glob("*.yaml")), {})


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("id: x\nnames: {zh: [\n", encoding="utf-8")

    with pytest.raises(ManifestError, match=r"broken\.yaml, line \d"):
        load_manifest(file, {})


def test_secrets_that_no_manifest_names_are_those_of_oidc_clients_and_machines() -> None:
    machine = {"id": "dispatch-machine", "roles": ["viewer"]}
    named = {"id": "other-machine", "roles": ["viewer"], "secret": "s" * 43}
    changes = {"protocol": "oidc", "service_accounts": [machine, named]}

    app = AppManifest.model_validate(declared(**changes))
    told = AppManifest.model_validate(declared(**changes, oidc={"secret": {"workers": "s" * 43}}))

    assert app.without_secret() == (("workers", "key-person"), ("workers", "dispatch-machine"))
    assert told.without_secret() == (("workers", "dispatch-machine"),)
    assert AppManifest.model_validate(declared()).without_secret() == ()
