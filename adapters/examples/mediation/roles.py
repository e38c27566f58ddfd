"""Who may do what: the app's roles, and the disputes they reach."""

from django.db.models import QuerySet

from idp_bridge_adapters.principal import Principal
from idp_bridge_adapters.roles import AppRole
from mediation.models import Dispute


class Role(AppRole):
    """A party brings disputes; in the units of their posts a mediator settles, an adviser reads."""

    PARTY = "party"
    MEDIATOR = "mediator", "counsellor"
    ADVISER = "adviser", "legal-adviser"


def brought_by(who: Principal) -> "QuerySet[Dispute]":
    return Dispute.objects.filter(issuer=who.issuer, subject=who.subject).order_by("-brought")


def handled_by(who: Principal) -> list[Dispute]:
    """The disputes of the units that the person's posts reach; of no others."""
    return [
        dispute
        for dispute in Dispute.objects.order_by("-brought")
        if who.may(Role.MEDIATOR, org=dispute.org) or who.may(Role.ADVISER, org=dispute.org)
    ]
