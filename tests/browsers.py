"""Which browser the tests drive."""

import os
import shutil


def chromium_program() -> str | None:
    """``CHROMIUM``, or the machine's own; ``None``: the one that Playwright fetched."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
