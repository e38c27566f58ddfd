"""RESULTS.md: what was measured, on which machine, with how much noise.

Each part of the benchmark has a chapter, and writes that one only.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
SIGN_IN = "What sign-in costs"
FORWARD_AUTH = "What forward-auth costs"
_HEAD = """# {chapter}

Made by `make bench`. Every figure is the median of {runs} runs (or as many as said); the last
column is the noise, the smallest and the largest run. A ratio (bold) compares with a peer or a
ceiling measured in the same run, by turns with ours. Rows hold for this machine only; ratios go
further.

| | |
|---|---|
"""


def machine(
    versions: Mapping[str, str], loads: Sequence[tuple[float, float, float]], note: str
) -> dict[str, str]:
    """Facts that the figures depend on; ``loads`` are the load averages seen on the way."""
    minute = [load[0] for load in loads]
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Processor": f"{os.cpu_count()} cores, {_first('/proc/cpuinfo', 'model name')}",
        "Memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) / 1e6:.0f} GB",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **versions,
        "Load average (1 min)": f"{min(minute):.1f} to {max(minute):.1f}, our own load included",
        "Other work on the machine": note,
    }


def write(
    chapter: str,
    runs: int,
    facts: Mapping[str, str],
    sections: Sequence[tuple[str, str, list[str]]],
) -> str:
    """Write a chapter; ``sections`` are a title, how it was measured, and the rows."""
    head = _HEAD.format(chapter=chapter, runs=runs)
    parts = [head + "".join(f"| {k} | {v} |\n" for k, v in facts.items())]
    for title, method, rows in sections:
        table = "".join(f"| {row} |\n" for row in rows)
        parts.append(f"## {title}\n\n{method}\n\n| | median | runs |\n|---|---|---|\n{table}")
    text = "\n".join(parts)
    RESULTS.write_text(_with_chapter(chapter, text), encoding="utf-8")
    return text


def _with_chapter(chapter: str, text: str) -> str:
    """The report with this chapter in the place of the older one, or after all others."""
    kept = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    chapters = [f"# {one}" for one in f"\n{kept}".split("\n# ")[1:]]
    before = [one for one in chapters if not one.startswith(f"# {chapter}\n")]
    place = next((n for n, one in enumerate(chapters) if one not in before), len(before))
    return "\n".join(one.strip("\n") + "\n" for one in (*before[:place], text, *before[place:]))


def _first(file: str, name: str) -> str:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))
