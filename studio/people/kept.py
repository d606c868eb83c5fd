"""Everything that is kept of a tester, the studio's own tables among it."""

from sqlalchemy import ColumnElement, select

from programme.holdings import HOLDINGS, Holding, by
from studio.webhooks.records import WebhookDelivery, WebhookEndpoint


def sent_for(tester_id: str) -> ColumnElement[bool]:
    theirs = select(WebhookEndpoint.id).where(WebhookEndpoint.owner_id == tester_id)
    return WebhookDelivery.endpoint_id.in_(theirs)


KEPT: tuple[Holding, ...] = (
    Holding("webhook-deliveries", WebhookDelivery, sent_for, "What your endpoints were told."),
    Holding(
        "webhooks",
        WebhookEndpoint,
        by(WebhookEndpoint.owner_id),
        "Where your scripts are told about clips.",
        hidden=("sealed_secret", "previous_secret"),
    ),
    *HOLDINGS,
)
