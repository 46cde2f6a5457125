"""The routes of the registry that the client uses, in memory, with faults on request."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "test-key"
PREFIX = "/api/v1/registry"


class FakeCluster:
    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytearray] = {}
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.verdict: str | None = "safe"
        self.cut_after: int | None = None
        """The next answer or upload with more bytes ends there, once."""
        self.spoil = False
        self.url = ""

    def count(self, method: str, ending: str) -> int:
        return sum(1 for done, path, _ in self.requests if done == method and path.endswith(ending))

    def take_cut(self, size: int) -> int:
        cut, limit = size, self.cut_after
        if limit is not None and limit < size:
            cut, self.cut_after = limit, None
        return cut

    def publish(self, wanted: dict[str, Any]) -> dict[str, Any]:
        versions = self.versions.setdefault(wanted["name"], [])
        files = [
            {**file, "sizeBytes": len(self.blobs[file["digest"]]), "mediaType": "application/octet-stream"} for file in wanted["files"]
        ]
        version = {
            "version": len(versions) + 1,
            "semver": wanted.get("version"),
            "manifestDigest": "sha256:" + hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest(),
            "framework": wanted.get("framework", "other"),
            "sizeBytes": sum(file["sizeBytes"] for file in files),
            "createdAt": "2026-01-01T00:00:00.000Z",
            "files": files,
            "metadata": wanted.get("metadata", {}),
            "inspection": None if self.verdict is None else {"verdict": self.verdict},
            "aliases": ["latest", *wanted.get("aliases", [])],
        }
        versions.append(version)
        return version

    def find(self, name: str, wanted: str) -> dict[str, Any] | None:
        for version in reversed(self.versions.get(name, [])):
            if wanted in (str(version["version"]), version["semver"], *version["aliases"]):
                return version
        return None

    def describe(self, name: str) -> dict[str, Any]:
        latest = self.versions[name][-1]
        return {
            "name": name,
            "description": "",
            "framework": latest["framework"],
            "sizeBytes": latest["sizeBytes"],
            "parameterCount": None,
            "latest": latest,
            "versionCount": len(self.versions[name]),
            "updatedAt": "2026-01-01T00:00:00.000Z",
        }


def make_handler(cluster: FakeCluster) -> type[BaseHTTPRequestHandler]:
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

        def cut(self) -> None:
            self.close_connection = True

        def read_body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("content-length", 0)))

        def route(self) -> None:
            address = urlsplit(self.path)
            cluster.requests.append((self.command, unquote(address.path), dict(self.headers)))
            if self.headers.get("authorization") != f"Bearer {KEY}":
                return self.refuse(401, "not_signed_in")
            parts = [unquote(part) for part in address.path.removeprefix(PREFIX).strip("/").split("/")]
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            handle = getattr(self, f"{self.command.lower()}_{parts[0]}", None)
            return self.refuse(404, "unknown_route") if handle is None else handle(parts[1:], query)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = route

        def get_models(self, parts: list[str], query: dict[str, str]) -> None:
            if not parts:
                names = sorted(name for name in cluster.versions if query.get("search", "") in name)
                start, limit = int(query.get("cursor", 0)), int(query["limit"])
                more = str(start + limit) if start + limit < len(names) else None
                return self.answer(200, {"models": [cluster.describe(name) for name in names[start : start + limit]], "next": more})
            if parts[1:] == ["versions"]:
                return self.answer(200, {"versions": list(reversed(cluster.versions[parts[0]])), "next": None})
            version = cluster.find(parts[0], parts[2])
            if version is None:
                return self.refuse(404, "model_not_found")
            if len(parts) == 3:
                return self.answer(200, version)
            return self.send_file(next(file for file in version["files"] if file["path"] == parts[4]))

        def send_file(self, file: dict[str, Any]) -> None:
            data = cluster.blobs[file["digest"]]
            start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
            rest = data[int(start[1]) :] if start else data
            if cluster.spoil:
                rest = bytes(len(rest))
            self.send_response(206 if start else 200)
            self.send_header("content-length", str(len(rest)))
            self.end_headers()
            sent = cluster.take_cut(len(rest))
            self.wfile.write(rest[:sent])
            if sent < len(rest):
                self.cut()

        def post_uploads(self, *_: object) -> None:
            self.read_body()
            name = f"u{len(cluster.uploads)}"
            cluster.uploads[name] = bytearray()
            self.answer(201, {"id": name, "offset": 0})

        def get_uploads(self, parts: list[str], _: object) -> None:
            self.answer(200, {"id": parts[0], "offset": len(cluster.uploads[parts[0]])})

        def patch_uploads(self, parts: list[str], _: object) -> None:
            upload = cluster.uploads[parts[0]]
            if int(self.headers["upload-offset"]) != len(upload):
                self.read_body()
                return self.refuse(416, "range_not_satisfiable")
            length = int(self.headers["content-length"])
            taken = cluster.take_cut(length)
            upload += self.rfile.read(taken)
            if taken < length:
                return self.cut()
            return self.answer(200, {"id": parts[0], "offset": len(upload)})

        def put_uploads(self, parts: list[str], _: object) -> None:
            wanted = json.loads(self.read_body())
            data = bytes(cluster.uploads[parts[0]])
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            if wanted["digest"] != digest:
                return self.refuse(400, "digest_mismatch")
            cluster.blobs[digest] = data
            return self.answer(200, {"digest": digest, "sizeBytes": len(data)})

        def post_models(self, *_: object) -> None:
            self.answer(201, cluster.publish(json.loads(self.read_body())))

    return Handler


@contextmanager
def running() -> Iterator[FakeCluster]:
    cluster = FakeCluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(cluster))
    server.daemon_threads = True
    cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
