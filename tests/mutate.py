"""`make mutate`: takes each defence out and sees its attack test fail.

``tests/mutations.yaml`` lists the defences: the requirement, a piece of code that occurs once in a
file, what takes its place, and the tests that must then fail. First all those tests must pass on
the untouched code. A test that still passes without its defence proves nothing, and is an error.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
LIST = Path(__file__).parent / "mutations.yaml"
_WORKERS = os.cpu_count() or 1
_NO_TEST_RAN = (4, 5)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One defence and the attack that must get through without it."""

    defends: tuple[str, ...]
    file: str
    find: str
    put: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call it in the report."""
        return f"{', '.join(self.defends)}: {self.file}: {self.find.strip().splitlines()[0][:60]}"


def listed() -> tuple[Mutation, ...]:
    """Every mutation of the list."""
    rows = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return tuple(
        Mutation(tuple(row["defends"]), row["file"], row["find"], row["put"], tuple(row["tests"]))
        for row in rows
    )


def _copy(to: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def _pytest(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(tree / part) for part in ("", "qr", "adapters"))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(
        words, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def _problem(mutation: Mutation) -> str:
    """Why this mutation proves nothing; empty when its attack got through and was noticed."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _copy(tree)
        target = tree / mutation.file
        code = target.read_text(encoding="utf-8")
        if code.count(mutation.find) != 1:
            return f"the code to take out occurs {code.count(mutation.find)} times"
        target.write_text(code.replace(mutation.find, mutation.put), encoding="utf-8")
        ran = _pytest(tree, mutation.tests)
    if ran.returncode in _NO_TEST_RAN:
        return f"its tests did not run: {ran.stdout.strip().splitlines()[-1:]}"
    return "" if ran.returncode == 1 else f"its tests ended with {ran.returncode}, not a failure"


def main() -> int:
    """Run the list; 1 when anything proves nothing."""
    mutations = listed()
    tests = tuple(sorted({test for mutation in mutations for test in mutation.tests}))
    whole = _pytest(ROOT, tests)
    if whole.returncode != 0:
        print(whole.stdout)
        print("the attack tests do not pass on the untouched code")
        return 1
    failed = 0
    with ThreadPoolExecutor(_WORKERS) as pool:
        for mutation, problem in zip(mutations, pool.map(_problem, mutations), strict=True):
            print(f"{'FAIL' if problem else 'ok  '} {mutation.name} {problem}", flush=True)
            failed += bool(problem)
    print(f"{len(mutations) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
