from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import sys
import tempfile
import types
import unittest
import weakref
from pathlib import Path
from unittest.mock import patch

from model_registry import ModelRegistry, RegistryError

from .fake_cluster import KEY, running


def fetch_elsewhere(data: bytes) -> str:
    """In another process, as a worker of Dask would."""
    registry: ModelRegistry = pickle.loads(data)
    return str(registry.load_model("lab/demo"))


class FakeSession:
    """As ONNX Runtime's, it cannot be pickled by itself."""

    def __init__(self, path: str) -> None:
        self.data = Path(path).read_bytes()
        self.handle = open(os.devnull)  # noqa: SIM115
        weakref.finalize(self, self.handle.close)


class RegistryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cluster = self.enterContext(running())
        self.enterContext(patch.dict(os.environ, {"CLUSTER_AI_HOME": str(self.folder / "home")}))
        for name in ("CLUSTER_AI_URL", "CLUSTER_AI_API_KEY", "CLUSTER_AI_CACHE"):
            os.environ.pop(name, None)
        self.registry = self.connect()

    def connect(self) -> ModelRegistry:
        return ModelRegistry(self.cluster.url, KEY, cache_dir=self.folder / "cache")

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def register(self, data: bytes = b"weights" * 1000, framework: str = "gguf", file: str = "demo.gguf") -> None:
        self.registry.register_model(model_path=self.write(file, data), name="lab/demo", framework=framework, version="1.0.0")

    def assert_fails(self, code: str, call: object, *args: object) -> RegistryError:
        with self.assertRaises(RegistryError) as caught:
            call(*args)  # type: ignore[operator]
        self.assertEqual(caught.exception.code, code)
        return caught.exception


class Registering(RegistryTest):
    def test_a_file_becomes_a_version_with_what_is_known_of_it(self) -> None:
        version = self.registry.register_model(
            model_path=self.write("resnet.onnx", b"onnx" * 100),
            name="resnet50",
            framework="ONNX",
            version="1.0.0",
            description="A classifier",
            metadata={"accuracy": 0.76, "task": "image-classification", "sizes": [1, 2]},
        )
        self.assertEqual((version.version, version.semver, version.framework, version.verdict), (1, "1.0.0", "onnx", "safe"))
        self.assertEqual(version.metadata, {"task": "image-classification", "metrics": {"accuracy": 0.76, "sizes": "[1, 2]"}})
        self.assertEqual([(file.path, file.size_bytes) for file in version.files], [("resnet.onnx", 400)])

    def test_a_folder_becomes_a_version_of_several_files(self) -> None:
        for name in ("big/model-1.safetensors", "big/sub/model-2.safetensors"):
            self.write(name, name.encode())
        version = self.registry.register_model(self.folder / "big", "big")
        self.assertEqual([file.path for file in version.files], ["model-1.safetensors", "sub/model-2.safetensors"])
        folder = self.registry.download("big")
        self.assertEqual((folder / "sub/model-2.safetensors").read_bytes(), b"big/sub/model-2.safetensors")

    def test_an_upload_goes_on_where_the_connection_broke(self) -> None:
        self.cluster.cut_after = 3000
        data = os.urandom(10_000)
        self.register(data)
        self.assertIn(data, self.cluster.blobs.values())
        offsets = [headers["upload-offset"] for method, _, headers in self.cluster.requests if method == "PATCH"]
        self.assertEqual(offsets, ["0", "3000"])

    def test_what_is_not_there_is_said_before_anything_is_sent(self) -> None:
        self.assert_fails("file_not_found", self.registry.register_model, self.folder / "nothing", "x")
        self.assertEqual(self.cluster.requests, [])


class Loading(RegistryTest):
    def test_gguf_is_a_path_that_is_fetched_once_by_version_number_alias_or_latest(self) -> None:
        self.register()
        paths = {self.registry.load_model("lab/demo", version) for version in (None, 1, "1", "1.0.0", "latest")}
        self.assertEqual([(path.name, path.read_bytes()) for path in paths], [("demo.gguf", b"weights" * 1000)])
        self.assertEqual(self.cluster.count("GET", "demo.gguf"), 1)
        self.assertEqual(self.registry.download("lab/demo").name, "demo.gguf")

    def test_a_download_goes_on_where_the_connection_broke(self) -> None:
        data = os.urandom(50_000)
        self.register(data)
        self.cluster.cut_after = 20_000
        self.assertEqual(self.registry.load_model("lab/demo").read_bytes(), data)
        ranges = [headers.get("range") for method, path, headers in self.cluster.requests if path.endswith("demo.gguf")]
        self.assertEqual(ranges, [None, "bytes=20000-"])

    def test_other_bytes_than_the_digest_promises_are_never_given_out(self) -> None:
        self.register()
        self.cluster.spoil = True
        self.assert_fails("digest_mismatch", self.registry.load_model, "lab/demo")
        self.cluster.spoil = False
        path = self.registry.load_model("lab/demo")
        path.chmod(0o644)
        path.write_bytes(b"changes" * 1000)
        self.assertEqual(self.registry.load_model("lab/demo").read_bytes(), b"weights" * 1000)

    def test_onnx_and_safetensors_are_loaded_by_their_own_packages(self) -> None:
        onnx = types.ModuleType("onnxruntime")
        onnx.InferenceSession = FakeSession  # type: ignore[attr-defined]
        tensors = types.ModuleType("safetensors.numpy")
        tensors.load_file = lambda path: {"w": Path(path).read_bytes()}  # type: ignore[attr-defined]
        with patch.dict(sys.modules, {"onnxruntime": onnx, "safetensors": types.ModuleType("safetensors"), "safetensors.numpy": tensors}):
            self.register(b"graph", "onnx", "demo.onnx")
            session = self.registry.load_model("lab/demo")
            self.assertEqual(session.data, b"graph")
            self.assertIs(self.registry.load_model("lab/demo"), session)
            self.assertIs(pickle.loads(pickle.dumps(session)), session)
            self.register(b"tensors", "safetensors", "demo.safetensors")
            self.assertEqual(self.registry.load_model("lab/demo"), {"w": b"tensors"})

    def test_without_the_package_it_says_what_to_install(self) -> None:
        self.register(b"graph", "onnx", "demo.onnx")
        with patch.dict(sys.modules, {"onnxruntime": None}):
            error = self.assert_fails("unsupported_feature", self.registry.load_model, "lab/demo")
        self.assertIn("[onnx]", error.hint)

    def test_pytorch_is_loaded_only_when_it_was_found_safe_and_never_with_its_code(self) -> None:
        seen: list[dict[str, object]] = []
        torch = types.ModuleType("torch")
        torch.__version__ = "2.6.0+cpu"  # type: ignore[attr-defined]
        torch.load = lambda path, **options: seen.append(options) or "model"  # type: ignore[attr-defined]
        with patch.dict(sys.modules, {"torch": torch}):
            for verdict in ("suspicious", "dangerous", None):
                self.cluster.verdict = verdict
                self.register(f"{verdict}".encode(), "pytorch", "demo.pt")
                self.assert_fails("forbidden", self.registry.load_model, "lab/demo")
            self.assertEqual((seen, self.cluster.count("GET", "demo.pt")), ([], 0))
            self.cluster.verdict = "safe"
            self.register(b"safe", "pytorch", "demo.pt")
            self.assertEqual(self.registry.load_model("lab/demo"), "model")
            self.assertEqual(seen, [{"map_location": "cpu", "weights_only": True}])
            torch.__version__ = "2.5.1"  # type: ignore[attr-defined]
            self.assert_fails("unsupported_feature", self.registry.load_model, "lab/demo")

    def test_a_name_that_leads_out_of_the_folder_is_refused(self) -> None:
        self.register()
        for name in ("../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"):
            self.cluster.versions["lab/demo"][0]["files"][0]["path"] = name
            self.assert_fails("invalid_request", self.registry.download, "lab/demo")

    def test_a_digest_that_is_none_never_becomes_a_path(self) -> None:
        self.register()
        self.cluster.versions["lab/demo"][0]["files"][0]["digest"] = "sha256:../../evil"
        self.assert_fails("digest_mismatch", self.registry.load_model, "lab/demo")
        self.register(b"more")
        self.cluster.versions["lab/demo"][1]["manifestDigest"] = ".."
        self.assert_fails("digest_mismatch", self.registry.load_model, "lab/demo")

    def test_many_processes_fetch_it_once(self) -> None:
        self.register(os.urandom(2_000_000))
        with multiprocessing.get_context("spawn").Pool(4) as pool:
            paths = pool.map(fetch_elsewhere, [pickle.dumps(self.registry)] * 8)
        self.assertEqual(len(set(paths)), 1)
        self.assertEqual(self.cluster.count("GET", "demo.gguf"), 1)


class Finding(RegistryTest):
    def test_models_are_listed_over_all_pages_and_searched(self) -> None:
        self.register()
        for number in range(450):
            self.cluster.versions[f"m{number:03}"] = self.cluster.versions["lab/demo"]
        self.assertEqual(len(self.registry.list_models()), 451)
        self.assertEqual([model.name for model in self.registry.search("m00", limit=3)], ["m000", "m001", "m002"])
        self.assertEqual([version.semver for version in self.registry.list_versions("lab/demo")], ["1.0.0"])

    def test_errors_are_those_of_the_cluster(self) -> None:
        error = self.assert_fails("model_not_found", self.registry.load_model, "nobody")
        self.assertEqual((error.status, error.hint), (404, "Look."))
        self.assertEqual(pickle.loads(pickle.dumps(error)).code, "model_not_found")
        self.assert_fails("not_signed_in", ModelRegistry(self.cluster.url).list_models)

    def test_what_is_not_there_yet_says_so(self) -> None:
        self.assert_fails("unsupported_feature", self.registry.sync_with_mlflow)


class Connecting(RegistryTest):
    def make_home(self, mode: int = 0o600) -> None:
        run = self.folder / "home" / "run"
        run.mkdir(parents=True, exist_ok=True)
        (run / "cluster.json").write_text(json.dumps({"url": self.cluster.url}))
        (run / "host.credential").write_text(f"{KEY}\n")
        (run / "host.credential").chmod(mode)

    def test_it_finds_the_cluster_of_this_machine_by_itself(self) -> None:
        self.assert_fails("not_running", ModelRegistry().list_models)
        self.make_home()
        self.assertEqual(ModelRegistry().list_models(), [])

    def test_the_credential_of_the_owner_goes_to_no_other_address_and_into_no_pickle(self) -> None:
        self.make_home()
        self.assert_fails("not_signed_in", ModelRegistry(self.cluster.url).list_models)
        registry = ModelRegistry()
        registry.list_models()
        self.assertNotIn(KEY.encode(), pickle.dumps(registry))

    def test_a_credential_that_others_could_have_written_proves_nothing(self) -> None:
        self.make_home(0o644)
        self.assert_fails("forbidden", ModelRegistry().list_models)

    def test_the_environment_names_a_cluster(self) -> None:
        with patch.dict(os.environ, {"CLUSTER_AI_URL": self.cluster.url, "CLUSTER_AI_API_KEY": KEY}):
            self.assertEqual(ModelRegistry().list_models(), [])

    def test_what_does_not_answer_is_said_to_be_so(self) -> None:
        self.assert_fails("not_running", ModelRegistry("http://127.0.0.1:1").list_models)
        self.assert_fails("invalid_request", ModelRegistry("127.0.0.1:3000").list_models)


if __name__ == "__main__":
    unittest.main()
