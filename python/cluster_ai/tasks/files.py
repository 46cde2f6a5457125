"""Files that tasks name by digest: fetched once for a worker, checked as they come, and kept while there is room."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import os
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from .failure import TaskFailure
from .settings import Settings

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PIECE_BYTES = 1024 * 1024
TRIES = 4
SILENCE_SECONDS = 60.0
REDIRECTS = 3
_held: Counter[Path] = Counter()
_locks: dict[Path, threading.Lock] = {}
_lock = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Place:
    """The token goes to the server that it is of (``base``), and to nobody else, wherever that leads."""

    url: str
    base: str
    token: str
    authority: str | None = None


@contextmanager
def fetched(settings: Settings, spec: Mapping[str, Any], digest: str, check: Callable[[], object]) -> Iterator[Path]:
    """The path of a file whose bytes match the digest; it stays at least as long as the context.

    It comes from the node's own door for blobs where that has it, else from where the task says. ``check`` raises when the task
    has no business going on. Raises TaskFailure ``not_found`` when the task names no such file, ``unavailable`` when it does not come.
    """
    if not DIGEST.fullmatch(digest):
        raise TaskFailure("invalid_input", f'"{digest[:80]}" is no digest.')
    file = next((file for file in spec.get("files") or [] if file["digest"] == digest), None)
    path = settings.files / digest.replace(":", "-")
    with _lock:
        _held[path] += 1
        lock = _locks.setdefault(path, threading.Lock())
    try:
        with lock:
            _ensure(path, digest, file, places_of(file, spec.get("grant"), settings.door), check)
        make_room(settings.files, settings.cache_bytes)
        yield path
    finally:
        with _lock:
            _held[path] -= 1


def places_of(file: Mapping[str, Any] | None, grant: Mapping[str, Any] | None, door: Mapping[str, str] | None) -> list[Place]:
    """Each with the token that is for it alone."""
    if file is None:
        return []
    places = []
    if door is not None:
        places.append(Place(f"{door['url']}/{file['digest']}?sizeBytes={file['sizeBytes']}", door["url"], door["token"]))
    base = "" if grant is None else str(grant["url"]).rstrip("/") + "/"
    places.append(
        Place(urljoin(base, str(file["url"])), base, "" if grant is None else str(grant["token"]), (grant or {}).get("authority"))
    )
    return places


def _ensure(path: Path, digest: str, file: Mapping[str, Any] | None, places: list[Place], check: Callable[[], object]) -> None:
    if path.exists():  # it got its name when its bytes were right
        os.utime(path)
        return
    if file is None:
        raise TaskFailure("not_found", f"The task uses {digest}, and was not given where it is.", "Hand it in again.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for attempt in range(TRIES):
        for place in places:
            check()
            try:
                return _fetch(path, digest, int(file["sizeBytes"]), place, check)
            except (OSError, http.client.HTTPException) as error:
                problem = TaskFailure("unavailable", f"{digest} could not be fetched ({type(error).__name__}: {error}).")
            except TaskFailure as failure:
                check()
                problem = failure
        if attempt == TRIES - 1 or not problem.is_retryable:
            raise problem
        time.sleep(0.2 * 2**attempt)


def _fetch(path: Path, digest: str, size: int, place: Place, check: Callable[[], object]) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    found, left = hashlib.sha256(), size
    try:
        with _opened(place) as response, part.open("wb") as stream:
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
def _opened(place: Place, redirects: int = REDIRECTS) -> Iterator[http.client.HTTPResponse]:
    address = urlsplit(place.url)
    is_ours = bool(place.token) and (address.scheme, address.netloc) == urlsplit(place.base)[:2]
    if address.scheme not in ("http", "https") or address.hostname is None:
        raise TaskFailure("invalid_input", f"A file cannot be fetched from {place.url[:200]}.")
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        tls = ssl.create_default_context(cadata=place.authority if is_ours else None)
        connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=SILENCE_SECONDS, context=tls)
    else:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SILENCE_SECONDS)
    try:
        target = address.path + (f"?{address.query}" if address.query else "")
        connection.request("GET", target, headers={"authorization": f"Bearer {place.token}"} if is_ours else {})
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308) and redirects > 0:
            elsewhere = dataclasses.replace(place, url=urljoin(place.url, response.headers["location"] or ""))
            with _opened(elsewhere, redirects - 1) as other:
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
