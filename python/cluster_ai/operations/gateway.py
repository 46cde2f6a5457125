"""Asks the cluster itself, many questions at once and over few connections."""

from __future__ import annotations

import http.client
import json
import queue
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ..tasks.failure import TaskFailure

AT_ONCE = 8
TRIES = 6
LONGEST_PAUSE_SECONDS = 60.0
SILENCE_SECONDS = 900.0
LONGEST_ANSWER = 64 * 1024 * 1024
LATER = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Request:
    path: str
    body: dict[str, Any]


Answer = dict[str, Any]
Outcome = Answer | TaskFailure


class Gateway:
    """The doors of a cluster, with a token. One connection for each thread that asks; ``close`` may come from any."""

    def __init__(self, grant: dict[str, Any], pause: Callable[[float], object]) -> None:
        """``pause`` waits so many seconds, and raises when there is no point in going on."""
        self._url, self._token, self._pause = urlsplit(str(grant["url"]).rstrip("/")), str(grant["token"]), pause
        authority = grant.get("authority")
        self._tls = ssl.create_default_context(cadata=authority) if self._url.scheme == "https" and authority else None
        self._local = threading.local()
        self._open: set[http.client.HTTPConnection] = set()
        self._is_closed = False

    def close(self) -> None:
        """Ends what is being asked, too."""
        self._is_closed = True
        for connection in list(self._open):
            _shut(connection)

    def ask(self, request: Request) -> Answer:
        """Tries again where the cluster is busy, for as long as it says. Raises TaskFailure."""
        for attempt in range(TRIES):
            try:
                status, headers, body = self._send(request)
            except (OSError, http.client.HTTPException) as error:
                self.release()
                problem = TaskFailure("unavailable", f"The cluster could not be asked ({type(error).__name__}: {error}).")
                pause = 0.2 * 2**attempt
            else:
                if status < 300:
                    return _read(body)
                problem = _to_failure(status, body)
                if status not in LATER:
                    raise problem
                pause = _seconds(headers.get("retry-after"), 0.5 * 2**attempt)
            if self._is_closed or attempt == TRIES - 1:
                raise problem
            self._pause(min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(1, 1.25))
        raise AssertionError("unreachable")

    def _send(self, request: Request) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._connection()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token}", "accept": "application/json"}
        connection.request("POST", self._url.path + request.path, json.dumps(request.body).encode(), headers)
        response = connection.getresponse()
        body = response.read(LONGEST_ANSWER + 1)
        if len(body) > LONGEST_ANSWER:
            raise TaskFailure("result_too_large", f"An answer of the cluster has more than {LONGEST_ANSWER} bytes.")
        return response.status, response.headers, body

    def _connection(self) -> http.client.HTTPConnection:
        if self._is_closed:
            raise ConnectionAbortedError("stopped")
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            host = self._url.hostname or "localhost"
            if self._url.scheme == "https":
                found = http.client.HTTPSConnection(host, self._url.port, timeout=SILENCE_SECONDS, context=self._tls)
            else:
                found = http.client.HTTPConnection(host, self._url.port, timeout=SILENCE_SECONDS)
            self._local.connection = found
            self._open.add(found)
        return found

    def release(self) -> None:
        """Closes the connection of this thread."""
        found = getattr(self._local, "connection", None)
        self._local.connection = None
        if found is not None:
            self._open.discard(found)
            found.close()


def ask_all(
    gateway: Gateway, requests: Sequence[Request], done: Callable[[int], object], *, at_once: int = AT_ONCE, keeps_failures: bool = False
) -> list[Outcome]:
    """Outcomes in the order of the requests. The first failure ends all, unless failures are kept as outcomes.

    ``done`` is told how many have ended, by this thread, and may raise to end all.
    """
    outcomes: list[Outcome | None] = [None] * len(requests)
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(requests)):
        waiting.put(index)

    def work() -> None:
        with suppress(queue.Empty):
            while True:
                index = waiting.get_nowait()
                outcomes[index] = _outcome(gateway, requests[index])
                ended.put(index)
        gateway.release()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(requests)))]
    for thread in threads:
        thread.start()
    try:
        for count in range(len(requests)):
            outcome = outcomes[_next(ended, partial(done, count))]
            if isinstance(outcome, TaskFailure) and not keeps_failures:
                raise outcome
            done(count + 1)
    finally:
        with suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        if None in outcomes:
            gateway.close()
        for thread in threads:
            thread.join()
    return [outcome for outcome in outcomes if outcome is not None]


def _next(ended: queue.SimpleQueue[int], look: Callable[[], object]) -> int:
    while True:
        try:
            return ended.get(timeout=0.2)
        except queue.Empty:
            look()


def _outcome(gateway: Gateway, request: Request) -> Outcome:
    try:
        return gateway.ask(request)
    except TaskFailure as failure:
        return failure
    except Exception as error:
        return TaskFailure("unavailable", f"The cluster could not be asked ({type(error).__name__}: {error}).")


def _read(body: bytes) -> Answer:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TaskFailure("unavailable", "The cluster answered with something that is no JSON object.")
    return found


def _to_failure(status: int, body: bytes) -> TaskFailure:
    """What any of our doors says, in its own words."""
    text, hint = f"The cluster answered with status {status}.", ""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        found = json.loads(body)
        said = found.get("error") or found.get("detail")
        text = str(said.get("message") if isinstance(said, dict) else said or text)
        hint = str(found.get("hint") or "")
    kinds = {401: "forbidden", 403: "forbidden", 404: "not_found"}
    kind = kinds.get(status, "unavailable" if status >= 500 or status in LATER else "invalid_input")
    return TaskFailure(kind, text, hint)


def _seconds(said: str | None, otherwise: float) -> float:
    try:
        return max(0.0, float(said)) if said else otherwise
    except ValueError:
        return otherwise


def _shut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def wait_unless(is_stopped: threading.Event, check: Callable[[], object]) -> Callable[[float], None]:
    """A pause that ends with the task."""

    def pause(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            is_stopped.wait(min(left, 0.5))
            check()

    return pause
