"""What tests of tasks share: attempts outside of a cluster, and a cluster that answers prompts."""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dask.config

from cluster_ai.tasks import TaskFailure, execute

_numbers = itertools.count(1)
_scratch = tempfile.TemporaryDirectory(prefix="cluster-ai-tests-")
dask.config.set({"cluster-ai.tasks.scratch": _scratch.name})


def spec_of(type: str, input: dict[str, Any], **more: Any) -> dict[str, Any]:
    """As the bridge sends it."""
    return {
        "id": f"t{next(_numbers)}",
        "attempt": 1,
        "type": type,
        "input": input,
        "timeoutSeconds": None,
        "inlineBytes": 65_536,
        "maxBytes": 10_000_000,
        "dataFolders": [],
        "grant": None,
        "files": [],
        "owner": "somebody",
        **more,
    }


def value_of(type: str, input: dict[str, Any], **more: Any) -> Any:
    return json.loads(execute(spec_of(type, input, **more))["json"])


def failure_of(type: str, input: dict[str, Any], **more: Any) -> TaskFailure:
    try:
        result = execute(spec_of(type, input, **more))
    except TaskFailure as failure:
        return failure
    raise AssertionError(f"the task did not fail: {result}")


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether it comes true before anybody would give up."""
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


Answer = tuple[int, dict[str, str], Any]


class FakeCluster:
    """Answers by ``respond`` and remembers what was asked."""

    def __init__(self, respond: Callable[[str, Any], Answer]) -> None:
        self.respond = respond
        self.requests: list[tuple[str, Any, str]] = []
        self.connections = 0
        self.url = ""

    @property
    def grant(self) -> dict[str, str]:
        return {"url": self.url, "token": "test-token"}


@contextmanager
def answering(respond: Callable[[str, Any], Answer]) -> Iterator[FakeCluster]:
    cluster = FakeCluster(respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            cluster.connections += 1

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: Any) -> None:
            cluster.requests.append((self.path, body, self.headers.get("authorization", "")))
            status, headers, answer = cluster.respond(self.path, body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # of whoever was stopped meanwhile
                self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # of whoever was stopped meanwhile
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield cluster
        finally:
            server.shutdown()
