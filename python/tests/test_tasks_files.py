from __future__ import annotations

import hashlib
import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

from cluster_ai.tasks.files import fetched, make_room
from cluster_ai.tasks.settings import Settings

from .support import answering, value_of

DATA = json.dumps([1, 2, 3]).encode()
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


class Files(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def settings(self, door: dict[str, str] | None = None) -> Settings:
        return Settings(self.folder / "children", self.folder / "files", None, None, 10_000, 1, door, ())

    def test_the_door_of_the_node_is_asked_first_and_once(self) -> None:
        def at_door(path: str, body: Any) -> tuple[int, dict[str, str], Any]:
            return (200, {}, DATA) if DIGEST in path else (404, {}, {})

        with answering(at_door) as door, answering(lambda path, body: (200, {}, DATA)) as cluster:
            spec = {"files": [{"digest": DIGEST, "sizeBytes": len(DATA), "url": "/elsewhere"}], "grant": cluster.grant}
            for _ in range(2):
                with fetched(self.settings({"url": f"{door.url}/blobs", "token": "of-the-door"}), spec, DIGEST, lambda: None) as path:
                    self.assertEqual(path.read_bytes(), DATA)
        self.assertEqual(door.requests, [(f"/blobs/{DIGEST}?sizeBytes={len(DATA)}", None, "Bearer of-the-door")])
        self.assertEqual(cluster.requests, [])

    def test_what_the_door_has_not_comes_from_where_the_task_says(self) -> None:
        with answering(lambda path, body: (404, {}, {})) as door, answering(lambda path, body: (200, {}, DATA)) as cluster:
            spec = {"files": [{"digest": DIGEST, "sizeBytes": len(DATA), "url": "/here"}], "grant": cluster.grant}
            with fetched(self.settings({"url": door.url, "token": "x"}), spec, DIGEST, lambda: None) as path:
                self.assertEqual(path.read_bytes(), DATA)
        self.assertEqual(cluster.requests, [("/here", None, "Bearer test-token")])

    def test_the_longest_unused_go_first(self) -> None:
        for number in range(4):
            path = self.folder / f"sha256-{number}"
            path.write_bytes(b"x" * 100)
            os.utime(path, (number, number))
        make_room(self.folder, 250)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["sha256-2", "sha256-3"])

    def test_large_results_of_other_tasks_take_their_place(self) -> None:
        with answering(lambda path, body: (200, {}, DATA)) as cluster:
            files = [{"digest": DIGEST, "sizeBytes": len(DATA), "url": "/result"}]
            wanted = {"source": "def main(a, b):\n  return [a, b]", "args": [{"$file": DIGEST}, {"$file": "sha256:other"}]}
            found = value_of("python", wanted, files=files, grant=cluster.grant)
        self.assertEqual(found, [[1, 2, 3], {"$file": "sha256:other"}])
