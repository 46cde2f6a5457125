"""What somebody does with `model_registry`, against a real cluster. Prints a JSON object with one entry per case."""

import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path

from model_registry import ModelRegistry, RegistryError

gguf = Path(sys.argv[1])
folder = Path(sys.argv[2])
registry = ModelRegistry(cache_dir=folder / "cache")
seen: dict[str, object] = {}


def code_of(call, *args):
    try:
        call(*args)
    except RegistryError as error:
        return error.code
    return None


# GGUF: what comes back is what went in
first = registry.register_model(
    model_path=gguf,
    name="lab/tiny",
    framework="gguf",
    version="1.0.0",
    description="From Python",
    metadata={"accuracy": 0.5, "task": "chat"},
)
loaded = registry.load_model("lab/tiny", version="1.0.0")
seen["gguf"] = {
    "version": first.version,
    "framework": first.framework,
    "verdict": first.verdict,
    "metrics": dict(first.metadata).get("metrics"),
    "same": Path(loaded).read_bytes() == gguf.read_bytes(),
    "again": registry.load_model("lab/tiny") == loaded,
    "pickled": pickle.loads(pickle.dumps(registry)).load_model("lab/tiny", 1) == loaded,
}

# several files, one of them twice
many = folder / "many"
(many / "sub").mkdir(parents=True)
header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
(many / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1.5, -2))
(many / "sub" / "config.json").write_text("{}")
second = registry.register_model(many, "lab/many", framework="safetensors")
place = registry.download("lab/many")
seen["many"] = {
    "files": sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()),
    "verdict": second.verdict,
}

# a pickle that would run something
evil = folder / "evil.pt"
with zipfile.ZipFile(evil, "w") as archive:
    archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    archive.writestr("archive/version", b"3\n")
refused = code_of(registry.register_model, evil, "lab/evil", "pytorch")
seen["evil"] = {"registered": refused, "loaded": code_of(registry.load_model, "lab/evil")}

# finding
registry.set_alias("lab/tiny", "production", "1.0.0")
seen["found"] = {
    "listed": {"lab/tiny", "lab/many"} <= {model.name for model in registry.list_models()},
    "search": [model.name for model in registry.search("tiny", framework="gguf")],
    "alias": registry.get_version("lab/tiny", "production").version,
    "versions": [version.semver for version in registry.list_versions("lab/tiny")],
    "unknown": code_of(registry.load_model, "lab/nobody"),
}
registry.delete_model("lab/many")
seen["removed"] = code_of(registry.get_version, "lab/many")
print(json.dumps(seen))
