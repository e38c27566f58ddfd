"""RESULTS.md: what was measured, on which machine, with how much noise."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = """# What sign-in costs

Made by `make bench`. Every figure is the median of {runs} runs (or as many as said); the last
column is the noise, the smallest and the largest run. A ratio (bold) compares with a peer or a
ceiling measured in the same run, by turns with ours. Rows hold for this machine only; ratios go
further.

| | |
|---|---|
"""


def machine(
    keycloak: str, loads: Sequence[tuple[float, float, float]], note: str
) -> dict[str, str]:
    """Facts that the figures depend on; ``loads`` are the load averages seen on the way."""
    minute = [load[0] for load in loads]
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Processor": f"{os.cpu_count()} cores, {_first('/proc/cpuinfo', 'model name')}",
        "Memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) / 1e6:.0f} GB",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Keycloak": keycloak.rpartition(" ")[2],
        "Load average (1 min)": f"{min(minute):.1f} to {max(minute):.1f}, our own load included",
        "Other work on the machine": note,
    }


def write(
    runs: int, facts: Mapping[str, str], sections: Sequence[tuple[str, str, list[str]]]
) -> str:
    """Write the report; ``sections`` are a title, how it was measured, and the rows."""
    parts = [_HEAD.format(runs=runs) + "".join(f"| {k} | {v} |\n" for k, v in facts.items())]
    for title, method, rows in sections:
        table = "".join(f"| {row} |\n" for row in rows)
        parts.append(f"## {title}\n\n{method}\n\n| | median | runs |\n|---|---|---|\n{table}")
    text = "\n".join(parts)
    RESULTS.write_text(text, encoding="utf-8")
    return text


def _first(file: str, name: str) -> str:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))
