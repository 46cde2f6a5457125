"""Files by digest in the user's cache folder, safe for many processes at once.

A file gets its name only when its bytes are on the disk and match the digest. Later it is trusted while its inode, size
and time of change are those that were noted then; otherwise it is hashed again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from .errors import RegistryError
from .models import ModelFile, ModelVersion
from .transport import Transport, path_of

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PIECE_BYTES = 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024
TRIES = 5


def default_folder() -> Path:
    """``CLUSTER_AI_CACHE``, else the system's place for a user's caches."""
    if named := os.environ.get("CLUSTER_AI_CACHE"):
        return Path(named).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cluster-ai"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cluster-ai"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; a process that dies lets go. Without such locks two may fetch the same, and the later one wins."""
    with path.open("a") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield


def _fingerprint(path: Path) -> str:
    found = path.stat()
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _to_name(digest: str) -> str:
    """A digest as the name of a file or folder; nothing but a digest may pass."""
    if not DIGEST.fullmatch(digest):
        raise RegistryError("digest_mismatch", f'The cluster names something by "{digest[:80]}", which is no digest.')
    return digest.replace(":", "-")


class BlobCache:
    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._views = folder / "models"

    def ensure(self, transport: Transport, version: ModelVersion, file: ModelFile) -> Path:
        """The path of a file whose bytes match the digest. Raises ``digest_mismatch``, ``disk_full``, or what the cluster answered."""
        whole = self._blobs / _to_name(file.digest)
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._is_known(whole, file):
            return whole
        with _locked(whole.with_suffix(".lock")):
            if not self._is_known(whole, file) and not self._is_right(whole, file):
                self._fetch(transport, version, file, whole)
        return whole

    def folder_of(self, version: ModelVersion) -> Path:
        return self._views / _to_name(version.manifest_digest)

    def name_files(self, version: ModelVersion, blobs: dict[str, Path]) -> dict[str, Path]:
        """The files of a version under their own names: programs look at endings, and files name each other."""
        named = {}
        for name, blob in blobs.items():
            place = self.folder_of(version) / _inside(name)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (place.exists() and place.samefile(blob)):
                _link(blob, place)
            named[name] = place
        return named

    def _is_known(self, whole: Path, file: ModelFile) -> bool:
        try:
            return whole.with_suffix(".seen").read_text("utf-8") == _fingerprint(whole) and whole.stat().st_size == file.size_bytes
        except OSError:
            return False

    def _is_right(self, whole: Path, file: ModelFile) -> bool:
        if not whole.is_file() or whole.stat().st_size != file.size_bytes:
            return False
        found = hashlib.sha256()
        with whole.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                found.update(piece)
        if f"sha256:{found.hexdigest()}" != file.digest:
            return False
        self._note(whole)
        return True

    def _note(self, whole: Path) -> None:
        temporary = whole.with_suffix(f".seen.{os.getpid()}")
        temporary.write_text(_fingerprint(whole), "utf-8")
        os.replace(temporary, whole.with_suffix(".seen"))

    def _fetch(self, transport: Transport, version: ModelVersion, file: ModelFile, whole: Path) -> None:
        part = whole.with_suffix(".part")
        free = shutil.disk_usage(self._blobs).free
        if free < file.size_bytes + SPARE_BYTES:
            raise RegistryError("disk_full", f"The disk of {self._blobs} has no room for {file.size_bytes} bytes.", "Free some space.")
        for attempt in range(TRIES):
            try:
                found = _receive(transport, version, file, part)
                break
            except RegistryError as error:
                if error.code != "not_running" or attempt == TRIES - 1:
                    raise
                time.sleep(0.2 * 2**attempt)  # what has come stays, and the next try goes on there
        if found != file.digest:
            part.unlink(missing_ok=True)
            raise RegistryError("digest_mismatch", f"{file.path} came with the digest {found} instead of {file.digest}.", "Try again.")
        part.chmod(0o444)  # other names of it are handed out
        os.replace(part, whole)
        self._note(whole)


def _receive(transport: Transport, version: ModelVersion, file: ModelFile, part: Path) -> str:
    """Goes on where an earlier try ended, hashing everything; gives the digest of the whole."""
    found = hashlib.sha256()
    with part.open("a+b") as stream:
        stream.seek(0)
        while piece := stream.read(PIECE_BYTES):
            found.update(piece)
        offset = stream.tell()
        if offset > file.size_bytes:
            stream.truncate(0)
            return _receive(transport, version, file, part)
        if offset < file.size_bytes:
            _append(transport, version, file, stream, offset, found.update)
        stream.flush()
        os.fsync(stream.fileno())
    return f"sha256:{found.hexdigest()}"


def _append(
    transport: Transport, version: ModelVersion, file: ModelFile, stream: IO[bytes], offset: int, update: Callable[[bytes], None]
) -> None:
    path = path_of("models", version.name, "versions", str(version.version), "files", file.path)
    headers = {"accept": "application/octet-stream", **({"range": f"bytes={offset}-"} if offset else {})}
    with transport.open("GET", path, headers) as response:
        if offset and response.status != 206:
            raise RegistryError("internal", "The cluster sent a whole file where the rest of one was asked for.")
        while piece := response.read(PIECE_BYTES):
            offset += len(piece)
            if offset > file.size_bytes:
                raise RegistryError("digest_mismatch", f"More than {file.size_bytes} bytes came for {file.path}.", "Try again.")
            update(piece)
            _write(stream, piece)
    if offset < file.size_bytes:
        raise RegistryError("not_running", f"The connection ended after {offset} of {file.size_bytes} bytes of {file.path}.")


def _write(stream: IO[bytes], piece: bytes) -> None:
    try:
        stream.write(piece)
    except OSError as error:  # of our disk, which must not look like a broken connection
        code = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "data_folder_unwritable"
        raise RegistryError(code, f"What came could not be written ({error}).", "Free some space, or name another cache_dir.") from error


def _inside(name: str) -> PurePosixPath:
    """A name of the cluster's as a place below a folder of ours, and nowhere else."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in name or "\0" in name or ":" in name:
        raise RegistryError("invalid_request", f'The version has a file with the name "{name}", which leads out of its folder.')
    return path


def _link(blob: Path, place: Path) -> None:
    """The same bytes under another name, without a copy where the disk can do that."""
    temporary = place.with_name(f"{place.name}.{os.getpid()}.new")
    try:
        os.link(blob, temporary)
    except OSError:
        shutil.copyfile(blob, temporary)
    os.replace(temporary, place)
