"""Carries what the outbox holds, in every web process; of several one has each in hand."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from database import Database
from settings import Settings
from studio.clock import now_ms
from studio.webhooks import outbox
from studio.webhooks.outbox import Parcel
from studio.webhooks.reaching import NotReached, post
from studio.webhooks.records import WebhookEndpoint
from studio.webhooks.signing import Seal, signed

log = logging.getLogger("greenroom.webhooks")

EVERY_S = 1.0
AT_ONCE, AT_ONCE_EACH = 16, 2
TIDY_EVERY = 60  # rounds


class Courier:
    """Lives on the server's event loop, between start and stop."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.seal = Seal(settings)
        self.under_way: dict[asyncio.Task[None], str] = {}
        self.going: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.going = asyncio.create_task(self.keep_going())

    async def stop(self) -> None:
        """What is under way is tried again by whoever comes next."""
        tasks = [*self.under_way, *([self.going] if self.going else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def keep_going(self) -> None:
        with suppress(OperationalError):
            await run_in_threadpool(self.renew_seals)
        rounds = 0
        while True:
            try:
                await self.round(tidy=rounds % TIDY_EVERY == 0)
            except OperationalError as error:
                log.warning("webhooks wait for the database: %s", error.orig)
            except Exception:  # the next round may go better; without one nobody is told
                log.exception("a round of webhooks broke")
            rounds += 1
            await asyncio.sleep(EVERY_S)

    async def round(self, *, tidy: bool = False) -> None:
        """Write down what is new and send what is due; returns before it has arrived."""
        each = Counter(self.under_way.values())
        busy = [endpoint_id for endpoint_id, many in each.items() if many >= AT_ONCE_EACH]
        free = AT_ONCE - len(self.under_way)
        for parcel in await run_in_threadpool(self.take, free, busy, tidy):
            task = asyncio.create_task(self.carry(parcel))
            self.under_way[task] = parcel.endpoint_id
            task.add_done_callback(self.under_way.pop)

    def take(self, most: int, busy: list[str], tidy: bool) -> list[Parcel]:
        """Parcels to send now. Writes only where something is to be written."""
        now = now_ms()
        with self.database.read() as db:
            if db.scalar(select(WebhookEndpoint.id).limit(1)) is None:
                return []
            news = outbox.find_news(db)
        tidy = tidy and len(news) < outbox.NEWS_MAX
        if news or tidy:
            with self.database.begin() as db:
                outbox.write_down(db, news, now)
                if tidy:
                    outbox.tidy(db, now)
        with self.database.read() as db:
            due = outbox.find_due(db, most, now, busy)
        taken = []
        for delivery_id in due:
            with self.database.begin() as db:
                taken.append(outbox.claim(db, delivery_id, self.seal, now))
        return [parcel for parcel in taken if parcel is not None]

    async def carry(self, parcel: Parcel) -> None:
        status = await self.send(parcel)

        def note() -> None:
            with self.database.begin() as db:
                outbox.note(db, parcel, status, now_ms())

        with suppress(OperationalError):  # its lease runs out, and it is sent again
            await run_in_threadpool(note)

    async def send(self, parcel: Parcel) -> int | None:
        """The status it was answered with; None where nothing answered."""
        if not parcel.signed_by:
            log.warning("webhook endpoint %s has a secret of before", parcel.endpoint_id)
            return None
        headers = signed(parcel.delivery_id, parcel.body, parcel.signed_by, now_ms())
        loopback = self.settings.webhooks_loopback
        try:
            return await post(parcel.url, headers, parcel.body, loopback=loopback)
        except NotReached as error:
            log.info("webhook %s was not delivered: %s", parcel.delivery_id, error)
        except Exception:  # a stranger's server, or the way to it, broke in a way of its own
            log.exception("webhook %s was not delivered", parcel.delivery_id)
        return None

    def renew_seals(self) -> None:
        """After the server's secret was changed: what the previous one sealed, sealed anew."""
        if self.settings.secret_previous is None:
            return
        with self.database.begin() as db:
            for endpoint in db.scalars(select(WebhookEndpoint)):
                same = WebhookEndpoint.sealed_secret == endpoint.sealed_secret
                renewing = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id, same)
                before = endpoint.previous_secret
                renewed = {
                    "sealed_secret": self.seal.renew(endpoint.sealed_secret),
                    "previous_secret": before and self.seal.renew(before),
                }
                db.execute(renewing.values(**renewed))
