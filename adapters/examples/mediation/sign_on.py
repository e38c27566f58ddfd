"""The sign-on of this project: views are guarded with it, ``MIDDLEWARE`` and the URLs name it."""

from pathlib import Path

from common.pages import Pages
from common.sign_on import around, described, notices
from django.conf import settings as site

from idp_bridge_adapters.sdk.django import SignOn
from mediation.texts import TEXTS

pages = Pages(Path(__file__).parent, TEXTS)
sign_on = SignOn(
    described(site.APP, site.REALMS),
    page=notices(pages, site.APP),
    around=around(site.APP),
)
middleware = sign_on.middleware
