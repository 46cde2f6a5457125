from __future__ import annotations

import threading
import unittest
from typing import Any

from cluster_ai.operations.prompts import fill
from cluster_ai.tasks import stop
from cluster_ai.tasks.failure import TaskFailure

from .support import answering, failure_of, value_of


def say(path: str, body: Any) -> tuple[int, dict[str, str], Any]:
    if path == "/api/embed":
        return 200, {}, {"embeddings": [[float(len(text))] for text in body["input"]]}
    if path == "/api/chat":
        return 200, {}, {"message": {"content": " / ".join(message["content"] for message in body["messages"])}}
    return 200, {}, {"response": body["prompt"].upper()}


class Inference(unittest.TestCase):
    def test_answers_come_in_the_order_of_the_prompts(self) -> None:
        with answering(say) as cluster:
            prompts = [f"p{index}" for index in range(50)]
            texts = value_of(
                "ai_inference", {"model": "m", "prompts": prompts, "options": {"seed": 1, "format": "json"}}, grant=cluster.grant
            )
        self.assertEqual(texts, [prompt.upper() for prompt in prompts])
        _, body, proof = cluster.requests[0]
        self.assertEqual(proof, "Bearer test-token")
        self.assertEqual((body["options"], body["format"], body["stream"]), ({"seed": 1}, "json", False))
        self.assertLessEqual(cluster.connections, 8)

    def test_one_prompt_has_one_answer_of_each_kind(self) -> None:
        with answering(say) as cluster:
            asked = {"model": "m", "prompt": "hi", "options": {"system": "Be brief."}}
            self.assertEqual(value_of("ai_inference", {**asked, "kind": "chat"}, grant=cluster.grant), "Be brief. / hi")
            self.assertEqual(value_of("ai_inference", {"model": "m", "prompt": "hi", "kind": "embed"}, grant=cluster.grant), [2.0])
            many = {"model": "m", "prompts": ["x" * n for n in range(70)], "kind": "embed"}
            self.assertEqual(value_of("ai_inference", many, grant=cluster.grant), [[float(n)] for n in range(70)])
        self.assertEqual(sum(path == "/api/embed" for path, _, _ in cluster.requests), 4)

    def test_rows_fill_a_template(self) -> None:
        rows = {"rows": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]}
        with answering(say) as cluster:
            wanted = {"model": "m", "rows": rows, "template": "{b} of {a} {{c}}"}
            self.assertEqual(value_of("ai_inference", wanted, grant=cluster.grant), ["X OF 1 {C}", "Y OF  {C}"])
        with self.assertRaises(TaskFailure):
            fill("{nobody}", {"a": 1})

    def test_waits_when_the_cluster_is_busy(self) -> None:
        busy = iter([(429, {"retry-after": "0"}, {"error": "later"}), (503, {"retry-after": "0"}, {"error": "later"})])
        with answering(lambda path, body: next(busy, None) or say(path, body)) as cluster:
            self.assertEqual(value_of("ai_inference", {"model": "m", "prompt": "hi"}, grant=cluster.grant), "HI")
        self.assertEqual(len(cluster.requests), 3)

    def test_a_refusal_is_said_in_the_words_of_the_cluster(self) -> None:
        with answering(lambda path, body: (404, {}, {"error": "model 'm' not found"})) as cluster:
            failure = failure_of("ai_inference", {"model": "m", "prompt": "hi"}, grant=cluster.grant)
        self.assertEqual((failure.kind, failure.message, failure.is_retryable), ("not_found", "model 'm' not found", False))
        self.assertEqual(len(cluster.requests), 1)
        self.assertEqual(failure_of("ai_inference", {"model": "m", "prompt": "hi"}).kind, "forbidden")

    def test_a_stop_ends_what_is_being_asked(self) -> None:
        asked, ended = threading.Event(), threading.Event()

        def hang(path: str, body: Any) -> tuple[int, dict[str, str], Any]:
            asked.set()
            ended.wait(30)
            return say(path, body)

        with answering(hang) as cluster:
            threading.Thread(target=lambda: asked.wait(30) and stop("hanging", 1)).start()
            self.assertEqual(
                failure_of("ai_inference", {"model": "m", "prompt": "hi"}, id="hanging", grant=cluster.grant).kind, "cancelled"
            )
            ended.set()
