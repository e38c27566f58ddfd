"""Structured logs: events with facts, one JSON object a line, and nothing secret in any of them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = ("token", "secret", "password", "cookie", "code", "frame", "digits", "authorization")


def configure(style: str) -> None:
    """Log to standard output, as ``json`` or for a ``console``; libraries from warnings on."""
    last = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _withhold_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(processors=[*shared, last])
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    # httpx writes whole addresses, queries included, at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _withhold_secrets(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A fact whose name sounds secret never leaves, whatever it holds."""
    for name in event:
        if any(part in name.lower() for part in _SECRET):
            event[name] = "withheld"
    return event
