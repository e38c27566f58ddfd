"""Where the Java servers come from: the operator's folder, the cache, Maven, the release page."""

import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from idp_bridge.local.errors import CannotFetch, WrongInput
from idp_bridge.local.fetch import Pinned, Show, cache_folder, download, has_digest

KEYCLOAK_VERSION = "26.7.4"
# Before 26.7.2 an unauthenticated take-over is possible.
_OLDEST_KEYCLOAK = (26, 7, 2)
_RELEASES = "https://github.com/keycloak/keycloak/releases/download"
_UNBOUNDID = "7.0.3"
_UNBOUNDID_RELEASES = "https://github.com/pingidentity/ldapsdk/releases/download"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file as Maven coordinates know it, and how the project's release page has it."""

    coordinates: str
    file: str
    sha256: str
    release_url: str
    member: str = ""


KEYCLOAK = Artifact(
    coordinates=f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:tar.gz",
    file=f"keycloak-quarkus-dist-{KEYCLOAK_VERSION}.tar.gz",
    sha256="04823c336b797a7e18889a44262a7a64e6bf624cbbcc518c85e2622176ff2eee",
    release_url=f"{_RELEASES}/{KEYCLOAK_VERSION}/keycloak-{KEYCLOAK_VERSION}.tar.gz",
)
UNBOUNDID = Artifact(
    coordinates=f"com.unboundid:unboundid-ldapsdk:{_UNBOUNDID}:jar",
    file=f"unboundid-ldapsdk-{_UNBOUNDID}.jar",
    sha256="7f1b9141f2c955d3a03b3f5da2c450bd616826e921a87fc19264a3f22b35e2fb",
    release_url=f"{_UNBOUNDID_RELEASES}/{_UNBOUNDID}/unboundid-ldapsdk-{_UNBOUNDID}.zip",
    member=f"unboundid-ldapsdk-{_UNBOUNDID}/unboundid-ldapsdk.jar",
)


def obtain(artifact: Artifact, show: Show, say: Callable[[str], None]) -> Path:
    """The checked file in the cache, brought there when it is missing."""
    folder = cache_folder()
    file = folder / artifact.file
    if has_digest(file, artifact.sha256):
        return file
    file.unlink(missing_ok=True)
    if _from_maven(artifact, folder, say) and has_digest(file, artifact.sha256):
        return file
    with httpx.Client(timeout=httpx.Timeout(30, read=60)) as http:
        if artifact.member:
            return _from_archive(artifact, folder, http, show)
        pinned = Pinned(artifact.file, artifact.release_url, artifact.sha256)
        return download(pinned, folder, http, show)


def _from_maven(artifact: Artifact, folder: Path, say: Callable[[str], None]) -> bool:
    """Maven knows the operator's mirror and proxy; without Maven, or offline, nothing happens."""
    if (maven := shutil.which("mvn")) is None:
        return False
    say(f"Fetching {artifact.file} with Maven")
    command = (maven, "-q", "-B", "dependency:copy", f"-Dartifact={artifact.coordinates}")
    try:
        with tempfile.TemporaryDirectory() as elsewhere:
            done = subprocess.run(
                (*command, f"-DoutputDirectory={folder}"),
                cwd=elsewhere,
                capture_output=True,
                timeout=900,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _from_archive(artifact: Artifact, folder: Path, http: httpx.Client, show: Show) -> Path:
    """The release page has a zip around the jar; the pinned digest is the jar's."""
    archive = folder / f"{artifact.file}.zip"
    file = folder / artifact.file
    with show(artifact.file) as progress, archive.open("wb") as out:
        try:
            with http.stream("GET", artifact.release_url, follow_redirects=True) as answer:
                answer.raise_for_status()
                for block in answer.iter_bytes():
                    out.write(block)
                    progress(out.tell(), None)
        except httpx.HTTPError:
            raise CannotFetch(
                f"{artifact.file} has to be downloaded once from {artifact.release_url}, which "
                "cannot be reached. Install OpenLDAP (slapd) instead, or put the file into "
                f"{folder} by hand"
            ) from None
    with zipfile.ZipFile(archive) as opened:
        file.write_bytes(opened.read(artifact.member))
    archive.unlink()
    if not has_digest(file, artifact.sha256):
        file.unlink()
        raise CannotFetch(f"{artifact.release_url} does not hold the published {artifact.file}")
    return file


def keycloak_home(given: str | None, show: Show, say: Callable[[str], None]) -> Path:
    """An unpacked Keycloak of a version that may be used, never written to."""
    if given:
        return _given_keycloak(Path(given).expanduser())
    unpacked = cache_folder() / f"keycloak-{KEYCLOAK_VERSION}"
    if not unpacked.is_dir():
        archive = obtain(KEYCLOAK, show, say)
        say(f"Unpacking Keycloak {KEYCLOAK_VERSION}")
        _unpack(archive, unpacked)
    return unpacked


def _given_keycloak(home: Path) -> Path:
    try:
        words = (home / "version.txt").read_text(encoding="utf-8").split()
        version = tuple(int(part) for part in words[-1].split("."))
    except (OSError, ValueError, IndexError):
        raise WrongInput(f"KEYCLOAK_HOME={home} holds no Keycloak distribution") from None
    if version[:2] != _OLDEST_KEYCLOAK[:2] or version < _OLDEST_KEYCLOAK:
        oldest = ".".join(map(str, _OLDEST_KEYCLOAK))
        raise WrongInput(f"KEYCLOAK_HOME={home} is {words[-1]}; {oldest} or a newer 26.7 is needed")
    return home


def _unpack(archive: Path, into: Path) -> None:
    """Into a folder beside the final one, then renamed: half an unpacked folder is never used."""
    with tempfile.TemporaryDirectory(dir=into.parent) as beside:
        with tarfile.open(archive) as opened:
            opened.extractall(beside, filter="data")
        (top,) = Path(beside).iterdir()
        if not into.exists():
            top.rename(into)
