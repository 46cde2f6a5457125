from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import RegistryError
from .transport import Transport, path_of

PIECE_BYTES = 64 * 1024 * 1024
TRIES = 5


def digest_of(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    while piece := file.read(1024 * 1024):
        found.update(piece)
    return f"sha256:{found.hexdigest()}"


class _Piece:
    """Some bytes of a file, read as they are sent."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


def upload_file(transport: Transport, path: Path) -> str:
    """Streams a file to the cluster and gives its digest. After a cut it goes on where the cluster says that it has come to."""
    with path.open("rb") as file:
        digest = digest_of(file)
        size = file.seek(0, io.SEEK_END)
        upload = path_of("uploads", str(transport.call("POST", "/uploads", {"sizeBytes": size, "digest": digest})["id"]))
        offset = 0
        for attempt in range(TRIES):
            try:
                while offset < size:
                    offset = _append(transport, upload, file, offset, size)
                break
            except RegistryError as error:
                if error.code not in ("not_running", "range_not_satisfiable", "conflict") or attempt == TRIES - 1:
                    raise
                time.sleep(0.2 * 2**attempt)
                offset = int(transport.call("GET", upload)["offset"])
        transport.call("PUT", upload, {"digest": digest})
    return digest


def _append(transport: Transport, upload: str, file: IO[bytes], offset: int, size: int) -> int:
    length = min(PIECE_BYTES, size - offset)
    file.seek(offset)
    headers = {
        "content-type": "application/octet-stream",
        "content-length": str(length),
        "upload-offset": str(offset),
    }
    with transport.open("PATCH", upload, headers, _Piece(file, length)) as response:
        response.read()
    return offset + length


def files_below(path: Path) -> Iterator[tuple[str, Path]]:
    """A file by its name, or all files of a folder by their place in it. Raises ``file_not_found``."""
    if path.is_file():
        yield path.name, path
        return
    found = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else []
    if not found:
        raise RegistryError("file_not_found", f"There is no file at {path}.", "Name a file, or a folder with files.")
    for entry in found:
        yield entry.relative_to(path).as_posix(), entry
