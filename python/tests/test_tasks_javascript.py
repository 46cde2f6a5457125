from __future__ import annotations

import hashlib
import tempfile
import unittest
import unittest.mock
from typing import Any

import dask.config

from cluster_ai.tasks import executor
from cluster_ai.tasks.failure import TaskFailure

from .support import FakeCluster, answering, failure_of, value_of

BUNDLES = {
    "plain": "export default (a, b = 1) => a + b; export const later = async (x) => ({ x, big: 12n, set: new Set([1]), none: undefined });",
    "broken": "export default function outer(x) {\n  return inner(x);\n}\nfunction inner(x) {\n  throw new TypeError(`no ${x}`);\n}",
    "senseless": "export default (",
    "counting": "let n = 0; export default () => n++;",
    "endless": "export default () => { for (;;) {} };",
    "hungry": "export default () => { const held = []; for (;;) held.push(new Array(1e5).fill(held.length)); };",
    "leaving": "export default () => process.exit(7);",
    "talking": (
        "export default (x) => { console.log('hi', x); process.stdout.write('there\\n'); clusterAi.progress(0.5, 'half'); return x; };"
    ),
    "reading": "import { readFileSync } from 'node:fs'; export default () => readFileSync('/etc/hostname', 'utf8');",
    "starting": "import { spawnSync } from 'node:child_process'; export default () => spawnSync('id').stdout;",
    "dialing": (
        "import { connect } from 'node:net'; export default (port) => new Promise((yes, no) => "
        "connect(port, '127.0.0.1').on('connect', () => yes('connected')).on('error', no));"
    ),
}


class JavaScript(unittest.TestCase):
    def setUp(self) -> None:
        self.cluster: FakeCluster = self.enterContext(answering(lambda path, body: (200, {}, BUNDLES[path[1:]].encode())))

    def wanted(self, bundle: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        text = BUNDLES[bundle].encode()
        digest = "sha256:" + hashlib.sha256(text).hexdigest()
        input = {"bundle": digest, **{name: more.pop(name) for name in ("args", "items", "export") if name in more}}
        return input, {"files": [{"digest": digest, "sizeBytes": len(text), "url": f"{self.cluster.url}/{bundle}"}], **more}

    def value(self, bundle: str, **more: Any) -> Any:
        input, spec = self.wanted(bundle, **more)
        return value_of("javascript", input, **spec)

    def failure(self, bundle: str, **more: Any) -> TaskFailure:
        input, spec = self.wanted(bundle, **more)
        return failure_of("javascript", input, **spec)

    def test_calls_an_export_and_once_for_each_item(self) -> None:
        self.assertEqual(self.value("plain", args=[1, 2]), 3)
        self.assertEqual(self.value("plain", items=[1, 2], args=[10]), [11, 12])
        self.assertEqual(self.value("plain", export="later", args=[5]), {"x": 5, "big": 12, "set": [1]})
        self.assertEqual(len(self.cluster.requests), 1)
        self.assertIn("(there are: default, later)", self.failure("plain", export="gone").message)

    def test_an_error_has_the_stack_of_its_author(self) -> None:
        failure = self.failure("broken", items=[7])
        self.assertEqual((failure.kind, failure.message), ("raised", "Item 0: TypeError: no 7"))
        self.assertRegex(failure.traceback, r"^TypeError: no 7\n    at inner \(bundle-\w{8}\.mjs:5:9\)\n    at outer")
        self.assertNotIn("run-javascript", failure.traceback)

    def test_a_module_that_cannot_be_read_says_so_each_time(self) -> None:
        for _ in range(2):
            self.assertIn("SyntaxError", self.failure("senseless", owner="senseless").message)

    def test_code_of_one_owner_meets_no_other(self) -> None:
        self.assertEqual([self.value("counting", owner=name) for name in ("a", "a", "b", "", "")], [0, 1, 0, 0, 0])

    def test_poison_costs_its_process_alone(self) -> None:
        self.assertEqual(self.failure("endless", timeoutSeconds=0.5).kind, "timed_out")
        with dask.config.set({"cluster-ai.tasks.memory-bytes": 128 * 2**20}):
            self.assertEqual(self.failure("hungry", owner="hungry").kind, "out_of_memory")
        self.assertEqual(self.failure("leaving").kind, "crashed")
        self.assertEqual(self.value("plain", args=[1]), 2)

    def test_has_no_rights_to_files_processes_and_the_network(self) -> None:
        for bundle, args in (("reading", []), ("starting", []), ("dialing", [int(self.cluster.url.rpartition(":")[2])])):
            failure = self.failure(bundle, args=args)
            self.assertRegex(failure.message, r"ERR_ACCESS_DENIED|[Pp]ermission|EACCES", bundle)

    def test_what_it_prints_becomes_lines_of_the_log(self) -> None:
        heard: list[dict[str, Any]] = []
        with unittest.mock.patch.object(executor, "sink_of", lambda worker: heard.append):
            self.assertEqual(self.value("talking", args=[3]), 3)
        self.assertEqual("\n".join(event["text"] for event in heard if event["type"] == "log"), "hi 3\nthere")
        self.assertIn(("progress", 0.5, "half"), [(event["type"], event.get("progress"), event.get("message")) for event in heard])

    def test_bytes_that_do_not_match_are_not_run(self) -> None:
        input, spec = self.wanted("plain", args=[1])
        digest = "sha256:" + "0" * 64
        spec["files"][0]["digest"] = digest
        self.assertIn("other bytes", failure_of("javascript", {**input, "bundle": digest}, **spec).message)

    def test_the_token_goes_to_its_own_cluster_alone(self) -> None:
        input, spec = self.wanted("plain", args=[1], owner="token")
        name = spec["files"][0]["url"].rpartition("/")[2]
        with answering(lambda path, body: (302, {"location": f"{self.cluster.url}/{name}"}, {})) as own:
            spec["files"][0]["url"] = f"/{name}"
            with dask.config.set({"cluster-ai.tasks.scratch": self.enterContext(tempfile.TemporaryDirectory())}):
                self.assertEqual(value_of("javascript", input, **spec, grant=own.grant), 2)
        self.assertEqual([proof for _, _, proof in [*own.requests, *self.cluster.requests]], ["Bearer test-token", ""])
