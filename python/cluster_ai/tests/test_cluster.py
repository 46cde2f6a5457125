from __future__ import annotations

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from cluster_ai import Cluster, ClusterError, TaskInfo
from cluster_ai.map_items import MapProgress, choose_chunk
from cluster_ai.self_test import STEPS, run_step
from cluster_ai.versions import check_versions, own_versions

from .fake_compute import KEY, running


class ClusterTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.fake = self.enterContext(running())
        self.enterContext(patch.dict(os.environ, {"CLUSTER_AI_HOME": str(self.folder)}))
        for name in ("CLUSTER_AI_URL", "CLUSTER_AI_API_KEY"):
            os.environ.pop(name, None)
        self.cluster = Cluster(self.fake.url, KEY)

    def assert_fails(self, code: str, call: object, *args: object) -> ClusterError:
        with self.assertRaises(ClusterError) as caught:
            call(*args)  # type: ignore[operator]
        self.assertEqual(caught.exception.code, code)
        return caught.exception


class Tasks(ClusterTest):
    def test_a_task_is_handed_in_waited_for_and_forgotten(self) -> None:
        task = self.cluster.submit_task("python", {"function": "add", "args": [1, 2]}, name="sum", timeout_seconds=5)
        self.assertEqual(self.fake.submitted[0]["timeoutSeconds"], 5)
        self.assertEqual((task.status, task.result(), task.log()), ("done", 3, ["began"]))
        self.assertEqual([info.id for info in self.cluster.list_tasks(name="sum")], [task.id])
        task.remove()
        self.assert_fails("task_not_found", task.info)

    def test_tasks_as_arguments_stand_for_their_results(self) -> None:
        first = self.cluster.submit("add", 1, 2)
        second = self.cluster.submit("add", first, 10, task_options={"priority": 5})
        self.assertEqual(self.cluster.gather([first, second]), [3, 13])
        self.assertEqual(self.fake.submitted[1]["input"]["args"][0], {"$task": first.id})
        self.assertEqual(self.fake.submitted[1]["priority"], 5)

    def test_the_same_id_gives_the_first_task(self) -> None:
        one, two = (self.cluster.submit("add", 1, task_options={"id": "mine"}) for _ in range(2))
        self.assertEqual((one.id, two.id, len(self.fake.submitted)), ("mine", "mine", 1))

    def test_a_failure_says_why_and_what_to_do(self) -> None:
        error = self.assert_fails("task_failed", self.cluster.map, "invert", [0])
        self.assertIn("items 0 to 0 of map-", error.message)
        self.assertEqual(error.hint, "Divide by more.")

    def test_waiting_ends_in_time_and_the_task_goes_on(self) -> None:
        self.fake.holds = True
        task = self.cluster.submit("add", 1)
        seen: list[TaskInfo] = []
        with self.assertRaises(TimeoutError):
            task.wait(0.01, seen.append)
        self.assertEqual((seen[0].progress, task.status), (0.5, "running"))

    def test_a_wrong_key_and_a_missing_cluster_are_told_apart(self) -> None:
        self.assert_fails("unauthorized", Cluster(self.fake.url, "other").status)
        self.assert_fails("not_running", Cluster().status)

    def test_it_finds_the_cluster_of_this_machine(self) -> None:
        (self.folder / "run").mkdir()
        (self.folder / "run" / "cluster.json").write_text(json.dumps({"url": self.fake.url}))
        credential = self.folder / "run" / "host.credential"
        credential.write_text(KEY)
        credential.chmod(0o600)
        self.assertTrue(Cluster().status()["isEnabled"])


class Maps(ClusterTest):
    def test_results_come_in_order_whatever_the_chunks(self) -> None:
        told: list[MapProgress] = []
        results = self.cluster.map("square", range(500), name="squares", progress=told.append)
        self.assertEqual(results, [item * item for item in range(500)])
        sizes = [len(task["input"]["items"]) for task in self.fake.submitted]
        self.assertEqual((sizes[0], sum(sizes), told[-1]), (1, 500, MapProgress(500, 500)))
        self.assertGreater(max(sizes), 1)

    def test_what_ends_it_early_cancels_what_is_open(self) -> None:
        self.fake.holds = True
        with self.assertRaises(TimeoutError):
            self.cluster.map("square", range(3), chunk_size=1, timeout=0.01)
        self.assertEqual([task["state"] for task in self.fake.tasks.values()], ["cancelled"] * 3)

    def test_chunks_grow_by_what_was_measured(self) -> None:
        self.assertEqual(choose_chunk([], 0.1), 1)
        self.assertEqual(choose_chunk([(10, 0.04)], 0.1), 25)
        self.assertEqual(choose_chunk([(1, 0.0)], 0.1), 10)
        self.assertEqual(choose_chunk([(1, 3.0)], 0.1), 1)


class Versions(ClusterTest):
    def test_another_python_is_refused_before_anything_is_pickled(self) -> None:
        error = self.assert_fails("python_mismatch", self.cluster.submit, lambda item: item)
        self.assertIn("3.99", error.message)
        self.assert_fails("python_mismatch", self.cluster.dask)
        self.assertEqual(self.fake.submitted, [])

    def test_other_packages_are_named_with_the_line_that_mends_it(self) -> None:
        own = {name: found or "1.0" for name, found in own_versions().items()}
        check_versions(own, ("python",))
        error = self.assert_fails("python_mismatch", check_versions, {**own, "dask": "0.1"}, ("python", "dask"))
        self.assertEqual(error.hint, f"Run: {sys.executable} -m pip install dask==0.1")


class SelfTest(ClusterTest):
    def test_each_step_says_whether_it_works(self) -> None:
        done = {name: run_step(self.cluster, name, step) for name, step in STEPS}
        self.assertEqual(done["compute"]["verdict"], "ok")
        self.assertEqual((done["workers"]["verdict"], done["workers"]["message"]), ("failed", "No worker is ready."))
        self.assertEqual((done["javascript"]["verdict"], done["dask"]["verdict"]), ("ok", "skipped"))


if __name__ == "__main__":
    unittest.main()
