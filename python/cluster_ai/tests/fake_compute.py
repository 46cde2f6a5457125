"""The routes of compute that the client uses, in memory: tasks are done as soon as they come in."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "test-key"
PREFIX = "/api/v1"
AT = "2026-01-02T03:04:05.000Z"
READY = {"state": "ready", "reason": "serving", "message": "Ready.", "since": AT, "hint": ""}


class FakeCompute:
    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.submitted: list[dict[str, Any]] = []
        self.bundles: dict[str, str] = {}
        self.versions: dict[str, str] | None = {"python": "3.99.1", "dask": "1.0", "distributed": "1.0", "cloudpickle": "9.9"}
        self.holds = False
        """Whether tasks never end by themselves."""
        self.url = ""

    def submit(self, wanted: dict[str, Any]) -> dict[str, Any]:
        name = wanted.get("id") or f"task_{len(self.tasks) + 1}"
        if name in self.tasks:
            return self.tasks[name]
        self.submitted.append(wanted)
        task: dict[str, Any] = {
            "id": name,
            "name": wanted.get("name", ""),
            "type": wanted["type"],
            "state": "running" if self.holds else "done",
            "progress": 0.5 if self.holds else 1,
            "message": "",
            "attempt": 1,
            "worker": None,
            "reason": None,
            "result": None,
            "startedAt": AT,
            "endedAt": AT,
        }
        self.tasks[name] = task
        if not self.holds:
            try:
                task["result"] = {"value": self.perform(wanted["input"]), "sizeBytes": 1}
            except ZeroDivisionError as error:
                task.update(state="failed", reason={"code": "task_failed", "message": str(error), "hint": "Divide by more."})
        return task

    def perform(self, call: dict[str, Any]) -> Any:
        given = [self.tasks[arg["$task"]]["result"]["value"] if isinstance(arg, dict) else arg for arg in call.get("args", [])]
        if call.get("function") == "invert":
            return [1 / item for item in call["items"]]
        if "items" in call:
            return [item * item for item in call["items"]]
        return sum(given) if call.get("function") == "add" else None


def make_handler(fake: FakeCompute) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def answer(self, status: int, value: object = None) -> None:
            body = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def refuse(self, status: int, code: str) -> None:
            self.answer(status, {"code": code, "detail": f"{code}.", "hint": "Look."})

        def route(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("authorization") != f"Bearer {KEY}":
                return self.refuse(401, "unauthorized")
            parts = [unquote(part) for part in address.path.removeprefix(PREFIX).strip("/").split("/")]
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if parts[0] == "compute":
                return self.on_compute(parts[1:])
            if parts[1:] == ["bundles"]:
                source = json.loads(body)["source"]
                digest = f"sha256:{hashlib.sha256(source.encode()).hexdigest()}"
                fake.bundles[digest] = source
                return self.answer(201, {"digest": digest, "sizeBytes": len(source)})
            if len(parts) == 1:
                return self.on_tasks(body, query)
            if parts[1] not in fake.tasks:
                return self.refuse(404, "task_not_found")
            return self.on_task(fake.tasks[parts[1]], parts[2:])

        do_GET = do_POST = do_DELETE = route

        def on_compute(self, parts: list[str]) -> None:
            if parts == ["connect"]:
                pem = {"authority": "A", "certificate": "C", "key": "K"}
                return self.answer(200, {"address": "tls://127.0.0.1:1", **pem, "expiresAt": AT, "versions": fake.versions})
            return self.answer(200, {"isEnabled": True, "condition": READY, "versions": fake.versions, "workers": []})

        def on_tasks(self, body: bytes, query: dict[str, str]) -> None:
            if self.command == "POST":
                wanted = json.loads(body)
                if "tasks" in wanted:
                    return self.answer(202, {"ids": [fake.submit(task)["id"] for task in wanted["tasks"]]})
                return self.answer(202, fake.submit(wanted))
            found = [task for task in reversed(fake.tasks.values()) if query.get("name", task["name"]) == task["name"]]
            start, limit = int(query.get("cursor", 0)), int(query["limit"])
            more = str(start + limit) if start + limit < len(found) else None
            shown = [{**task, "result": task["result"] and {"sizeBytes": 1}} for task in found[start : start + limit]]
            return self.answer(200, {"tasks": shown, "next": more})  # without values, as the server does

        def on_task(self, task: dict[str, Any], parts: list[str]) -> None:
            if parts == ["result"]:
                return self.answer(200, task["result"]["value"]) if task["result"] else self.refuse(422, "task_failed")
            if parts == ["logs"]:
                return self.answer(200, {"lines": [{"at": AT, "attempt": 1, "text": "began"}], "isCut": False})
            if parts == ["cancel"]:
                task["state"] = "cancelled"
            elif self.command == "DELETE":
                del fake.tasks[task["id"]]
                return self.answer(204)
            return self.answer(200, task)

    return Handler


@contextmanager
def running() -> Iterator[FakeCompute]:
    fake = FakeCompute()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
