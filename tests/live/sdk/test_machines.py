"""What Keycloak gives a machine is what the library takes for one."""

from pathlib import Path

import httpx
import pytest
import yaml

from idp_bridge_adapters.keys import RemoteKeys
from idp_bridge_adapters.tokens import TokenRefused, Trust, Verifier
from tests.live.sdk.registered import registered
from tests.live.test_example_apps import Stack

SECRET = "a-machine-secret-of-the-tests"
MANIFEST = {
    "id": "trial-api",
    "names": {"zh": "试用接口", "en": "Trial API"},
    "icon": "app",
    "group": "work",
    "realms": ["workers"],
    "protocol": "oidc",
    "url": {"workers": "${trial_api_url}/"},
    "addresses": {"workers": ["${trial_api_url}/callback/workers"]},
    "roles": {
        "workers": {"handler": {"names": {"zh": "处置", "en": "Handler"}, "from": ["staff"]}}
    },
    "service_accounts": [
        {
            "id": "trial-dispatch",
            "roles": ["handler"],
            "orgs": ["/baoan/xixiang"],
            "secret": SECRET,
        }
    ],
}


def test_a_machine_has_the_apps_role_in_its_units_and_its_token_is_nobody_elses(
    stack: Stack, tmp_path: Path
):
    manifest = tmp_path / "app.yaml"
    manifest.write_text(yaml.safe_dump(MANIFEST, allow_unicode=True))
    with registered(stack, {manifest: "https://trial.example"}, tmp_path) as settings:
        issuer, app = settings[manifest]["ISSUER"], settings[manifest]["CLIENT_ID"]
        answer = httpx.post(
            f"{issuer}/protocol/openid-connect/token",
            data={"grant_type": "client_credentials"},
            auth=("trial-dispatch", SECRET),
        )
        token = answer.json()["access_token"]
        keys = RemoteKeys(issuer, httpx.Client())

        verifier = Verifier([Trust(issuer, app, keys)], machines=["trial-dispatch"])
        machine = verifier.verify_machine_token(token)

        assert machine.name == "trial-dispatch"
        assert machine.reach("handler") == {"/baoan/xixiang"}
        with pytest.raises(TokenRefused):
            verifier.verify_access_token(token)
        other = Verifier([Trust(issuer, "mediation", keys)], machines=["trial-dispatch"])
        with pytest.raises(TokenRefused):
            other.verify_machine_token(token)
