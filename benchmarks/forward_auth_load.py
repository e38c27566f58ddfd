"""Load on one address, by wrk on a core of its own, and what came of it."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import cpu_seconds

# The servers have the last core, one at a time; wrk and everything else has the first.
LOAD_CORE, SERVER_CORE = "0", str((os.cpu_count() or 1) - 1)
CONNECTIONS = 32
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
# Nearly a million pairs of person and page before one comes again.
_CROWD = """local cookies = {COOKIES}
local n = 0
request = function()
  n = n + 1
  wrk.headers["Cookie"] = cookies[n % #cookies + 1]
  wrk.headers["X-Original-URL"] = "http://patrol.test/tasks/" .. (n % 997) .. "?day=" .. n
  return wrk.format("GET")
end
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """``per_core_second`` counts the CPU time of the servers that did the work."""

    per_second: float
    per_core_second: float
    p99_ms: float


def pinned(*command: str) -> tuple[str, ...]:
    """The command on the servers' core."""
    return ("taskset", "-c", SERVER_CORE, *command)


def load(
    url: str, headers: Sequence[str], servers: Sequence[int], seconds: int, script: str = ""
) -> Answered:
    """Ask ``url`` as fast as it answers. Raises ``RuntimeError`` when an answer is not a 2xx."""
    said = [word for header in headers for word in ("-H", header)]
    said += ["-s", script] if script else []
    options = ("-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *said, url)
    before = sum(map(cpu_seconds, servers))
    done = subprocess.run(
        ("taskset", "-c", LOAD_CORE, "wrk", *options), capture_output=True, text=True, check=True
    )
    used = sum(map(cpu_seconds, servers)) - before
    text = done.stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"refused or lost while measuring {url}: {text}")
    count = int(_found(r"(\d+) requests in", text)[0])
    number, unit = _found(r"99%\s+([\d.]+)(us|ms|s)", text)
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", text)[0])
    return Answered(rate, count / used, float(number) * _UNITS[unit])


def crowd(cookies: Sequence[str], file: Path) -> str:
    """A script for wrk: each request is another person's, for another page than theirs before."""
    listed = ",\n".join(f'"{cookie}"' for cookie in cookies)
    file.write_text(_CROWD.replace("COOKIES", listed), encoding="ascii")
    return str(file)


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said nothing of {pattern!r}: {text}")
    return match.groups()
