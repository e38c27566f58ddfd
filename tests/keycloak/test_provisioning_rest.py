"""What an operator reads when Keycloak cannot be asked."""

import pytest

from idp_bridge.keycloak.provisioning import AdminApi
from idp_bridge.keycloak.provisioning.rest import AdminApiError, part


def test_a_keycloak_that_is_not_there_is_one_sentence_without_the_password() -> None:
    api = AdminApi("http://127.0.0.1:9/kc", "admin", "a-password-nobody-may-read")

    with pytest.raises(AdminApiError, match="does not answer") as error:
        api.get("/realms")

    assert "nobody-may-read" not in str(error.value)


def test_a_name_is_one_segment_of_a_path_whatever_it_holds() -> None:
    assert part("a/b c?d") == "a%2Fb%20c%3Fd"
