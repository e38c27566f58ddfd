"""A SAML app from its service provider's metadata: Keycloak reads it, the manifest decides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_bridge.__main__ import main
from idp_bridge.local.service_provider import certificate_of
from tests.live.apps.conftest import TrialApp

_METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
  <SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="false"
      protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    {key}
    <SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        Location="https://sp.example/slo"/>
    <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        Location="https://sp.example/acs" index="0"/>
  </SPSSODescriptor>
</EntityDescriptor>
"""
_KEY = """<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
      <X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>"""


class SamlTrial:
    """A manifest with metadata beside it."""

    def __init__(self, trial: TrialApp, folder: Path) -> None:
        self._trial, self._folder = trial, folder
        self.entity = f"https://sp.example/{trial.id}"
        self.certificate = certificate_of(folder, "sp.example")

    def file(self, *, entity: str = "", with_key: bool = True, **saml: Any) -> str:
        key = _KEY.format(certificate=self.certificate) if with_key else ""
        text = _METADATA.format(entity=entity or self.entity, key=key)
        (self._folder / "sp.xml").write_text(text, encoding="utf-8")
        declared = {
            "id": self._trial.id,
            "names": {"zh": "试用", "en": "Trial"},
            "realms": ["workers"],
            "protocol": "saml",
            "url": {"workers": "https://sp.example/"},
            "roles": {"workers": {"viewer": {"names": {"zh": "查看", "en": "Viewer"}}}},
            "claims": ["name"],
            "saml": {"metadata": "sp.xml", "entity_id": self.entity, **saml},
        }
        file = self._folder / "trial.yaml"
        file.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
        return str(file)

    def client(self) -> dict[str, Any]:
        found = self._trial.client("workers", self.entity)
        assert found is not None
        return found


@pytest.fixture
def saml(trial: TrialApp, tmp_path: Path) -> Any:
    yield SamlTrial(trial, tmp_path)
    if trial.client("workers", f"https://sp.example/{trial.id}"):
        trial.run("retire", trial.id, "--yes")


def test_metadata_says_where_messages_go_and_not_whether_they_are_signed(
    saml: SamlTrial, trial: TrialApp
) -> None:
    trial.run("apply", saml.file())

    attributes = saml.client()["attributes"]
    assert attributes["saml_assertion_consumer_url_post"] == "https://sp.example/acs"
    assert attributes["saml_single_logout_service_url_post"] == "https://sp.example/slo"
    assert attributes["saml.signing.certificate"] == saml.certificate
    assert attributes["saml.client.signature"] == "true"
    assert attributes["saml.assertion.signature"] == "true"
    assert saml.client()["redirectUris"] == ["https://sp.example/acs"]


def test_applying_the_same_metadata_again_changes_nothing(
    saml: SamlTrial, trial: TrialApp, said: Callable[[], list[str]]
) -> None:
    trial.run("apply", saml.file())
    said()

    trial.run("apply", saml.file())

    assert said() == ["Nothing to do."]


def test_metadata_without_a_certificate_leaves_no_app_that_takes_unsigned_requests(
    saml: SamlTrial, trial: TrialApp, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["apps", "apply", saml.file(with_key=False), *trial.options]) != 0

    assert "saml.certificate" in capsys.readouterr().err
    assert trial.client("workers", saml.entity) is None


def test_metadata_of_another_service_provider_is_refused(
    saml: SamlTrial, trial: TrialApp, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saml.file(entity="https://evil.example/sp")

    assert main(["apps", "apply", file, *trial.options]) != 0

    assert "https://evil.example/sp" in capsys.readouterr().err
    assert trial.client("workers", saml.entity) is None
