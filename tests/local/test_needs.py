"""An example that this machine cannot run is left out whole, and said to be."""

from pathlib import Path

import yaml

from idp_bridge.local.needs import missing


def _example(folder: Path, **needs: list[str]) -> Path:
    (folder / "needs.yaml").write_text(yaml.safe_dump(needs), encoding="utf-8")
    return folder


def test_an_example_without_needs_can_run_anywhere(tmp_path: Path) -> None:
    assert missing(tmp_path) == ()


def test_what_is_there_is_not_missed(tmp_path: Path) -> None:
    example = _example(tmp_path, programs=["python3"], files=[__file__], modules=["yaml"])
    assert missing(example) == ()


def test_everything_that_is_missing_is_named(tmp_path: Path) -> None:
    example = _example(
        tmp_path,
        programs=["python3", "no-such-server"],
        files=[str(tmp_path / "mod_missing.so")],
        modules=["no_such_module"],
    )
    assert missing(example) == ("no-such-server", "mod_missing.so", "no_such_module")
