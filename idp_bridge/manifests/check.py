"""Manifest section `check`: where `idp-bridge apps check` looks whether somebody is in."""

from typing import Annotated

from pydantic import Field

from idp_bridge.manifests.parts import Section

Path = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~!$&'()*+,=:@%/-]*)?$")]


class CheckSettings(Section):
    """Pages of the app at the origin of its `url`."""

    page: Path = Field(
        default="",
        description="A page that only people with a role may see. Left out: `whoami`, or where a "
        "sign-in ends.",
    )
    whoami: Path = Field(
        default="",
        description="A page for people with a role that answers JSON with what the app was told "
        "of them; `roles` in it are their roles in the app.",
    )
