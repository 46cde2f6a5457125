from __future__ import annotations

import hashlib
import importlib.util
import json
import struct
import tempfile
import unittest
from pathlib import Path
from typing import Any

import dask
import numpy as np
from distributed import Client, LocalCluster

from cluster_ai.tasks import TaskFailure
from model_registry import ModelRegistry

from .support import FakeCluster, answering, failure_of, value_of
from .tiny_onnx import linear

ROWS = [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}]
MODEL = linear([[1.0, 0.0], [1.0, 2.0]], [0.5, 0.0])
"""One output is a + b + 0.5, the other 2 b."""


def safetensors(tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
    header, data = {}, b""
    for name, tensor in tensors.items():
        own = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + len(own)]}
        data += own
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Prediction(unittest.TestCase):
    def setUp(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cluster: FakeCluster = self.enterContext(answering(self.answer))

    def answer(self, path: str, body: Any) -> tuple[int, dict[str, str], Any]:
        if path == "/api/generate":
            return 200, {}, {"response": body["prompt"] + "!"}
        return 200, {}, self.files[path[1:]]

    def wanted(self, file: str, data: bytes, input: dict[str, Any], **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self.files[file] = data
        about = {
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "sizeBytes": len(data),
            "url": f"{self.cluster.url}/{file}",
            "path": file,
        }
        return {"model": "m", "source": {"rows": ROWS}, **input}, {"files": [about], "grant": self.cluster.grant, **more}

    def value(self, file: str, data: bytes, input: dict[str, Any] | None = None, **more: Any) -> Any:
        wanted, spec = self.wanted(file, data, input or {}, **more)
        return value_of("model", wanted, **spec)

    def failure(self, file: str, data: bytes, input: dict[str, Any] | None = None, **more: Any) -> TaskFailure:
        wanted, spec = self.wanted(file, data, input or {}, **more)
        return failure_of("model", wanted, **spec)

    def test_onnx_adds_its_outputs_to_each_row(self) -> None:
        expected = [{"a": 1.0, "b": 2.0, "output": [3.5, 4.0]}, {"a": 3.0, "b": 4.0, "output": [7.5, 8.0]}]
        self.assertEqual(self.value("m.onnx", MODEL), expected)
        swapped = self.value("m.onnx", MODEL, {"inputs": {"input": ["b", "a"]}, "batchSize": 1})
        self.assertEqual([row["output"] for row in swapped], [[3.5, 2.0], [7.5, 6.0]])
        self.assertLessEqual(len(self.cluster.requests), 1)  # another test may have fetched it before

    def test_writes_a_folder(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        output = {"output": {"format": "jsonl", "path": f"{folder}/out"}}
        made = self.value("m.onnx", MODEL, output, dataFolders=[folder])
        self.assertEqual((made["rows"], made["files"]), (2, ["part-00000.jsonl"]))
        self.assertIn('"output":[3.5,4.0]', Path(folder, "out", "part-00000.jsonl").read_text().replace(" ", ""))

    def test_weights_of_one_layer_and_models_of_language(self) -> None:
        layer = {"weight": np.array([[1.0, 1.0]]), "bias": np.array([0.5])}
        self.assertEqual([row["output"] for row in self.value("m.safetensors", safetensors(layer))], [[3.5], [7.5]])
        self.assertEqual(self.failure("m.safetensors", safetensors({"deep": np.zeros((2, 2))})).kind, "unsupported")
        source = {"source": {"rows": [{"text": "hi"}]}}
        self.assertEqual(self.value("m.gguf", b"GGUF", source), [{"text": "hi", "output": "hi!"}])

    def test_says_what_does_not_fit(self) -> None:
        for input, said in [
            ({"inputs": {"image": "a"}}, 'no input "image"'),
            ({"inputs": {"input": ["a", "c"]}}, "no column 'c'"),
            ({"source": {"rows": [{"a": "x", "b": 1}]}}, "not all float32"),
        ]:
            failure = self.failure("m.onnx", MODEL, input)
            self.assertEqual(failure.kind, "invalid_input", failure.message)
            self.assertIn(said, failure.message)
        self.assertEqual(self.failure("m.onnx", b"no onnx").is_retryable, False)
        self.assertEqual(failure_of("model", {"model": "m", "source": {"rows": ROWS}}).kind, "not_found")

    def test_files_that_may_hold_code_are_loaded_only_when_found_safe(self) -> None:
        for file, verdict in (("m.pt", "unknown"), ("m.pt", "suspicious"), ("m.onnx", "dangerous")):
            self.assertEqual(self.failure(file, MODEL, verdict=verdict).kind, "forbidden")
        if importlib.util.find_spec("torch") is None:
            self.assertIn("PyTorch is not in the environment", self.failure("m.pt", b"weights", verdict="safe").message)

    def test_a_name_cannot_lead_out_of_the_folder(self) -> None:
        wanted, spec = self.wanted("m.onnx", MODEL, {})
        spec["files"][0]["path"] = "../../m.onnx"
        self.assertEqual(failure_of("model", wanted, **spec).kind, "invalid_input")


def predict(model: Any, rows: list[list[float]]) -> tuple[int, list[list[float]]]:
    found: list[list[float]] = model.run(None, {"input": np.array(rows, "float32")})[0].tolist()
    return id(model), found


class LoadModel(unittest.TestCase):
    """As scripts for any cluster of Dask do it."""

    def test_a_model_of_the_registry_goes_through_dask(self) -> None:
        fake = _fake_registry()
        cluster = self.enterContext(fake.running())
        cache = self.enterContext(tempfile.TemporaryDirectory())
        registry = ModelRegistry(cluster.url, fake.KEY, cache_dir=f"{cache}/cache")
        path = Path(cache, "m.onnx")
        path.write_bytes(MODEL)
        registry.register_model(path, "lab/m", framework="onnx")
        local = self.enterContext(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=None))
        client = self.enterContext(Client(local))
        model = client.submit(registry.load_model, "lab/m")
        first, second = list(client.scheduler_info()["workers"])
        here = [client.submit(predict, model, [[1.0, 2.0]], workers=[first], pure=False).result() for _ in range(3)]
        there = client.submit(predict, model, [[1.0, 2.0]], workers=[second]).result()
        self.assertEqual({tuple(found[0]) for _, found in [*here, there]}, {(3.5, 4.0)})
        self.assertEqual(len({session for session, _ in here}), 1)
        delayed = dask.delayed(predict)(dask.delayed(registry.load_model)("lab/m"), [[0.0, 0.0]])
        self.assertEqual(client.compute(delayed).result()[1], [[0.5, 0.0]])
        self.assertEqual(cluster.count("GET", "m.onnx"), 1)


def _fake_registry() -> Any:
    place = Path(__file__).parents[1] / "model_registry" / "tests" / "fake_cluster.py"
    spec = importlib.util.spec_from_file_location("fake_registry", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
