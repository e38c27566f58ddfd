"""Where one bridge keeps things: Redis for what is short-lived, SQL for what must survive."""

from idp_bridge.core.clock import Clock
from idp_bridge.settings import Settings
from idp_bridge.store.app_logouts import SqlOutbox
from idp_bridge.store.app_traces import AppTraces
from idp_bridge.store.database import Database
from idp_bridge.store.durable import DurableStore
from idp_bridge.store.marks import RedisMarks
from idp_bridge.store.moves import RedisMoves
from idp_bridge.store.records import SqlAudit, SqlDevices, SqlKiosks, SqlQrLocks, SqlSignIns
from idp_bridge.store.redis import RedisStore


class Stores:
    """Where things are kept."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.redis = RedisStore(settings.redis_url.get_secret_value())
        self.moves = RedisMoves(settings.redis_url.get_secret_value())
        self.marks = RedisMarks(settings.redis_url.get_secret_value())
        self.database = Database(settings.database_url.get_secret_value())
        self.durable = DurableStore(self.database, clock)
        self.devices = SqlDevices(self.database)
        self.kiosks = SqlKiosks(self.database)
        self.sign_ins = SqlSignIns(self.database)
        self.locks = SqlQrLocks(self.database)
        self.audit = SqlAudit(self.database)
        self.outbox = SqlOutbox(self.database)
        self.app_traces = AppTraces(self.database)
