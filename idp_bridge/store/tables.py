"""The durable tables. Nothing here holds a token or a secret in the clear."""

from sqlalchemy import JSON, Column, DateTime, Float, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import String as Text

metadata = MetaData()

durable = Table(
    "durable",
    metadata,
    Column("key", Text(200), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("expires", Float, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Text(64), primary_key=True),
    Column("realm", Text(40), nullable=False),
    Column("subject", Text(64), nullable=False),
    Column("jwk", JSON, nullable=False),
    Column("label", Text(80), nullable=False),
    Column("registered", DateTime(timezone=True), nullable=False),
    Column("last_used", DateTime(timezone=True)),
    Column("revoked", DateTime(timezone=True)),
    Index("devices_by_account", "realm", "subject"),
)

kiosks = Table(
    "kiosks",
    metadata,
    Column("id", Text(32), primary_key=True),
    Column("name", Text(200), nullable=False),
    Column("address", Text(400), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("datum", Text(10), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("jwk", JSON),
    Column("enrolled", DateTime(timezone=True)),
    Column("revoked", DateTime(timezone=True)),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("realm", Text(40), primary_key=True),
    Column("sid", Text(64), primary_key=True),
    Column("subject", Text(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("browser", Text(80), nullable=False),
    Column("system", Text(80), nullable=False),
    Column("city", Text(120), nullable=False),
    Column("network", Text(60), nullable=False),
    Column("kiosk", Text(32), nullable=False),
    Column("device", Text(64), nullable=False),
    Column("ends", DateTime(timezone=True)),
    Column("ended", DateTime(timezone=True)),
    Index("sign_ins_by_account", "realm", "subject", "at"),
    Index("sign_ins_by_end", "ends"),
)

qr_locks = Table(
    "qr_locks",
    metadata,
    Column("realm", Text(40), primary_key=True),
    Column("subject", Text(64), primary_key=True),
    Column("until", DateTime(timezone=True)),
    Column("reason", Text(200), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("name", Text(60), nullable=False),
    Column("realm", Text(40), nullable=False),
    Column("account", Text(64), nullable=False),
    Column("actor", Text(64), nullable=False),
    Column("network", Text(60), nullable=False),
    Column("device", Text(64), nullable=False),
    Column("context", Text(64), nullable=False),
    Column("detail", JSON, nullable=False),
    Index("audit_by_account", "realm", "account", "at"),
)

app_logouts = Table(
    "app_logouts",
    metadata,
    Column("key", Text(64), primary_key=True),
    Column("visit", JSON, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("due", DateTime(timezone=True)),
    Column("tries", Integer, nullable=False),
    Column("reason", Text(200), nullable=False),
    Index("app_logouts_by_due", "due"),
)

access_requests = Table(
    "access_requests",
    metadata,
    Column("id", Text(64), primary_key=True),
    # The same for every request of one account for one app; empty once it is decided.
    Column("undecided", Text(64), unique=True),
    Column("realm", Text(40), nullable=False),
    Column("client_id", Text(255), nullable=False),
    Column("account", Text(64), nullable=False),
    Column("username", Text(255), nullable=False),
    Column("reason", Text(500), nullable=False),
    Column("asked", DateTime(timezone=True), nullable=False),
    Column("state", Text(20), nullable=False),
    Column("role", Text(255), nullable=False),
    Column("ends", DateTime(timezone=True)),
    Column("decided", DateTime(timezone=True)),
    Column("decided_by", Text(64), nullable=False),
    Column("answer", Text(500), nullable=False),
    Index("access_requests_by_account", "realm", "account", "asked"),
    Index("access_requests_by_state", "realm", "state", "asked"),
)

role_ends = Table(
    "role_ends",
    metadata,
    Column("realm", Text(40), primary_key=True),
    Column("client_id", Text(255), primary_key=True),
    Column("role", Text(255), primary_key=True),
    Column("account", Text(64), primary_key=True),
    Column("ends", DateTime(timezone=True), nullable=False),
    Column("claimed", DateTime(timezone=True)),
    Index("role_ends_by_end", "ends"),
)

admissions = Table(
    "admissions",
    metadata,
    Column("client_id", Text(255), primary_key=True),
    Column("protocol", Text(20), nullable=False),
    Column("digest", Text(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("findings", JSON, nullable=False),
)
