"""What the studio is put together from; `app.py` makes one."""

from dataclasses import dataclass, field
from functools import cached_property

from auth.addresses import Addresses
from auth.gate import Gate
from auth.oauth import Provider
from auth.proofs import Proofs
from auth.signals import Signals
from auth.spending import Spending
from database import Database
from jobs.live import Hub
from jobs.queue import Queue
from programme.moderation.judge import Judge
from settings import Settings
from sora_core.store import Store
from studio.board import Board
from studio.desk import Desk
from studio.leases import Leases
from studio.readiness import Readiness


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database
    gate: Gate
    queue: Queue
    hub: Hub
    store: Store
    proofs: Proofs
    spending: Spending
    signals: Signals
    addresses: Addresses = field(default_factory=Addresses)
    knocks: Addresses = field(default_factory=Addresses)
    leases: Leases = field(default_factory=Leases)
    desk: Desk = field(default_factory=Desk)
    readiness: Readiness = field(default_factory=Readiness)
    judge: Judge = field(default_factory=Judge)
    provider: Provider | None = None

    @cached_property
    def board(self) -> Board:
        return Board(self.database, self.queue)
