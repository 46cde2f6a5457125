"""Files that tasks name by digest: fetched once for a worker, checked as they come, and kept while there is room."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from .failure import TaskFailure

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PIECE_BYTES = 1024 * 1024
TRIES = 4
SILENCE_SECONDS = 60.0
REDIRECTS = 3
_held: Counter[Path] = Counter()
_locks: dict[Path, threading.Lock] = {}
_lock = threading.Lock()


@contextmanager
def fetched(folder: Path, spec: dict[str, Any], digest: str, most_bytes: int, check: Callable[[], object]) -> Iterator[Path]:
    """The path of a file whose bytes match the digest; it stays at least as long as the context.

    ``check`` raises when the task has no business going on. Raises TaskFailure ``not_found`` when the task names no such file,
    ``unavailable`` when it does not come.
    """
    if not DIGEST.fullmatch(digest):
        raise TaskFailure("invalid_input", f'"{digest[:80]}" is no digest.')
    file = next((file for file in spec.get("files") or [] if file["digest"] == digest), None)
    path = folder / digest.replace(":", "-")
    with _lock:
        _held[path] += 1
        lock = _locks.setdefault(path, threading.Lock())
    try:
        with lock:
            _ensure(path, digest, file, spec.get("grant"), check)
        make_room(folder, most_bytes)
        yield path
    finally:
        with _lock:
            _held[path] -= 1


def _ensure(path: Path, digest: str, file: dict[str, Any] | None, grant: dict[str, Any] | None, check: Callable[[], object]) -> None:
    if path.exists():  # it got its name when its bytes were right
        os.utime(path)
        return
    if file is None:
        raise TaskFailure("not_found", f"The task uses {digest}, and was not given where it is.", "Hand it in again.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for attempt in range(TRIES):
        check()
        try:
            return _fetch(path, digest, file, grant, check)
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES - 1:
                raise TaskFailure("unavailable", f"{digest} could not be fetched ({type(error).__name__}: {error}).") from None
            time.sleep(0.2 * 2**attempt)


def _fetch(path: Path, digest: str, file: dict[str, Any], grant: dict[str, Any] | None, check: Callable[[], object]) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    found, left = hashlib.sha256(), int(file["sizeBytes"])
    try:
        with _opened(str(file["url"]), grant) as response, part.open("wb") as stream:
            while piece := response.read(PIECE_BYTES):
                check()
                left -= len(piece)
                if left < 0:
                    break
                found.update(piece)
                stream.write(piece)
        if left != 0 or f"sha256:{found.hexdigest()}" != digest:
            raise TaskFailure("unavailable", f"What came for {digest} has other bytes.", "Try again.")
        part.chmod(0o444)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _opened(url: str, grant: dict[str, Any] | None, redirects: int = REDIRECTS) -> Iterator[http.client.HTTPResponse]:
    """The token goes to the cluster that it is of, and to nobody else."""
    base = "" if grant is None else str(grant["url"]).rstrip("/") + "/"
    address = urlsplit(urljoin(base, url))
    is_ours = grant is not None and (address.scheme, address.netloc) == urlsplit(base)[:2]
    if address.scheme not in ("http", "https") or address.hostname is None:
        raise TaskFailure("invalid_input", f"A file cannot be fetched from {url[:200]}.")
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        authority = grant.get("authority") if grant is not None and is_ours else None
        tls = ssl.create_default_context(cadata=authority)
        connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=SILENCE_SECONDS, context=tls)
    else:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SILENCE_SECONDS)
    try:
        headers = {"authorization": f"Bearer {grant['token']}"} if grant is not None and is_ours else {}
        connection.request("GET", address.path + (f"?{address.query}" if address.query else ""), headers=headers)
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308) and redirects > 0:
            with _opened(urljoin(address.geturl(), response.headers["location"]), grant, redirects - 1) as other:
                yield other
        elif response.status != 200:
            kind = "not_found" if response.status in (404, 410) else "forbidden" if response.status in (401, 403) else "unavailable"
            raise TaskFailure(kind, f"A file of the task could not be fetched: status {response.status}.", "Hand it in again.")
        else:
            yield response
    finally:
        connection.close()


def make_room(folder: Path, most_bytes: int) -> None:
    """Removes what was used longest ago, and by nobody now, until no more than ``most_bytes`` are left."""
    found = []
    for path in folder.glob("sha256-*"):
        with suppress(OSError):
            about = path.stat()
            found.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most_bytes:
            return
        with _lock:
            if _held[path] == 0:
                path.unlink(missing_ok=True)
                total -= size
