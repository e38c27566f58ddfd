"""The wheel as an app installs it: small, alone, and without a framework."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ALONE = """
import importlib.util, pkgutil, sys
for absent in ("starlette", "flask", "django", "fastapi", "redis", "pydantic", "idp_bridge"):
    assert importlib.util.find_spec(absent) is None, absent
import idp_bridge_adapters
for found in pkgutil.walk_packages(idp_bridge_adapters.__path__, "idp_bridge_adapters."):
    if not found.name.startswith("idp_bridge_adapters.sdk."):
        importlib.import_module(found.name)
from idp_bridge_adapters.testing import FakeBridge
from idp_bridge_adapters.front import Front
Front(FakeBridge().app(), FakeBridge().around, page=None, gate=None)
print("alone")
"""


def test_the_wheel_installed_alone_imports_and_brings_two_dependencies(tmp_path: Path):
    uv = (sys.executable, "-m", "uv")
    run = {"check": True, "capture_output": True, "text": True}
    built = ("build", "--wheel", "--out-dir", str(tmp_path), str(ROOT / "adapters"))
    subprocess.run((*uv, *built), **run)
    [wheel] = tmp_path.glob("*.whl")
    subprocess.run((*uv, "venv", str(tmp_path / "venv")), **run)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run((*uv, "pip", "install", "--python", str(python), str(wheel)), **run)

    told = subprocess.run((str(python), "-c", ALONE), cwd=tmp_path, **run)

    assert told.stdout == "alone\n"
    with zipfile.ZipFile(wheel) as contents:
        [metadata] = [name for name in contents.namelist() if name.endswith("METADATA")]
        lines = contents.read(metadata).decode().splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert {line.split()[1].partition(">")[0] for line in needed} == {"httpx", "pyjwt[crypto]"}
