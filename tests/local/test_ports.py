"""Ports and addresses of a stack."""

import socket
from pathlib import Path

import pytest

from idp_bridge.local.errors import PortTaken, WrongInput
from idp_bridge.local.origins import Origins, public_addresses
from idp_bridge.local.ports import Ports, require_free


def test_a_taken_port_is_named_with_who_needs_it_and_the_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortTaken) as refusal:
            require_free([("Keycloak", port)], "127.0.0.1")

    assert f"Port {port}, which Keycloak needs" in str(refusal.value)
    assert "--port-base" in str(refusal.value)


def test_two_bases_share_no_port() -> None:
    one, other = Ports(8400), Ports(8500)

    assert not set(one.named().values()) & set(other.named().values())


@pytest.mark.parametrize("base", [80, 65530])
def test_a_base_out_of_range_is_refused(base: int) -> None:
    with pytest.raises(WrongInput, match="port-base"):
        Ports(base)


def test_every_origin_is_on_localhost_by_default() -> None:
    origins = Origins(Ports(8400))

    assert origins.bridge == "http://localhost:8400"
    assert origins.keycloak == "http://localhost:8401/kc-8400"
    assert len({origins.bridge, origins.resident, origins.worker, origins.admin}) == 4


def test_a_public_address_moves_the_bridge_alone() -> None:
    origins = Origins(Ports(8400), public=public_addresses(["https://id.city.example"], []))

    assert origins.bridge == "https://id.city.example"
    assert origins.resident == "http://localhost:8402"


def test_one_pattern_moves_every_part() -> None:
    public = public_addresses(["https://{name}.city.example"], ["legal-aid"])
    origins = Origins(Ports(8400), public=public)

    assert origins.keycloak == "https://keycloak.city.example/kc-8400"
    assert origins.keycloak_internal == "http://127.0.0.1:8401/kc-8400"
    assert origins.origin("legal-aid", 8412) == "https://legal-aid.city.example"


def test_a_named_part_moves_by_itself() -> None:
    public = public_addresses(["resident=https://my.city.example:8443"], [])

    assert Origins(Ports(8400), public=public).resident == "https://my.city.example:8443"


@pytest.mark.parametrize(
    "wrong",
    [
        "http://id.city.example",
        "https://id.city.example/path",
        "https://user@id.city.example",
        "nobody=https://id.city.example",
        "id.city.example",
    ],
)
def test_a_public_address_that_is_no_https_origin_is_refused(wrong: str) -> None:
    with pytest.raises(WrongInput, match="--public-url"):
        public_addresses([wrong], [])


def test_tls_is_in_every_address_of_a_local_network() -> None:
    file = Path("x.pem")
    origins = Origins(
        Ports(8400), name="192.168.1.7", host="192.168.1.7", certificate=file, certificate_key=file
    )

    assert origins.bridge == "https://192.168.1.7:8400"
    assert origins.keycloak_internal == "https://192.168.1.7:8401/kc-8400"
