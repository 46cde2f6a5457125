"""Makes the small files of `valid/` and `hostile/`, and `expected.json`: what the formats' own libraries say about the valid ones.

Run once by hand, results are committed:

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install -r requirements.txt
    /tmp/fixtures/bin/python make_fixtures.py            # or with the names of sections: gguf safetensors onnx torch keras tensorflow hostile

Nothing here is ever loaded by a pickle reader: hostile pickles are only written.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).parent
VALID = HERE / "valid"
EXPECTED = HERE / "expected.json"


def expect(entries: dict[str, Any]) -> None:
    known = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    known.update(entries)
    EXPECTED.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def make_gguf() -> None:
    import gguf
    import numpy as np

    path = VALID / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_license("mit")
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_head_count(4)
    writer.add_file_type(0)
    writer.add_token_list(["<s>", "</s>", "a"])
    writer.add_chat_template("{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}{% endfor %}")
    writer.add_tensor("token_embd.weight", np.zeros((3, 32), dtype=np.float32))
    writer.add_tensor("blk.0.attn_q.weight", np.ones((32, 32), dtype=np.float16))
    blocks = gguf.quants.quantize(np.ones((32, 32), dtype=np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.attn_k.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    reader = gguf.GGUFReader(path)
    expect({
        "tiny.gguf": {
            "format": "gguf",
            "framework": "gguf",
            "parameterCount": sum(int(tensor.n_elements) for tensor in reader.tensors),
            "metadata": {
                "architecture": reader.fields["general.architecture"].contents(),
                "contextLength": reader.fields["llama.context_length"].contents(),
                "blockCount": reader.fields["llama.block_count"].contents(),
                "licence": reader.fields["general.license"].contents(),
                "vocabularySize": len(reader.fields["tokenizer.ggml.tokens"].data),
                "tensors": len(reader.tensors),
                "version": 3,
                "hasChatTemplate": "tokenizer.chat_template" in reader.fields,
            },
        }
    })


def make_safetensors() -> None:
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import save_file

    tensors = {
        "a.weight": np.zeros((4, 6), dtype=np.float32),
        "a.bias": np.zeros(4, dtype=np.float16),
        "steps": np.array(7, dtype=np.int64),
        "empty": np.zeros((0, 3), dtype=np.int8),
    }
    path = VALID / "tiny.safetensors"
    save_file(tensors, path, metadata={"format": "np", "licence": "mit"})
    with safe_open(path, framework="np") as opened:
        expect({
            "tiny.safetensors": {
                "format": "safetensors",
                "framework": "safetensors",
                "parameterCount": sum(int(opened.get_tensor(key).size) for key in opened.keys()),
                "metadata": {**opened.metadata(), "tensors": len(list(opened.keys()))},
            }
        })


def make_onnx() -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((3, 5), dtype=np.float32), "w")
    bias = helper.make_tensor("b", TensorProto.FLOAT, [5], [0.0] * 5)
    inner = helper.make_graph(
        [helper.make_node("Add", ["y", "inner"], ["z"])],
        "then",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 5])],
        [numpy_helper.from_array(np.ones(5, dtype=np.float32), "inner")],
    )
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["m"]),
            helper.make_node("Add", ["m", "b"], ["y"]),
            helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("c", TensorProto.BOOL, [], [True])),
            helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 5])],
        [weights, bias],
    )
    model = helper.make_model(graph, producer_name="fixtures", opset_imports=[helper.make_opsetid("", 18)])
    model.metadata_props.add(key="task", value="nothing")
    onnx.checker.check_model(model)
    onnx.save(model, VALID / "tiny.onnx")

    def count(part: Any) -> int:
        own = sum(int(numpy_helper.to_array(tensor).size) for tensor in part.initializer)
        return own + sum(count(attribute.g) for node in part.node for attribute in node.attribute if attribute.HasField("g"))

    loaded = onnx.load(VALID / "tiny.onnx")
    expect({
        "tiny.onnx": {
            "format": "onnx",
            "framework": "onnx",
            "parameterCount": count(loaded.graph),
            "metadata": {
                "irVersion": loaded.ir_version,
                "producer": loaded.producer_name,
                "operatorSets": str(loaded.opset_import[0].version),
                "property.task": loaded.metadata_props[0].value,
            },
        }
    })
    # weights in a file beside it
    with tempfile.TemporaryDirectory() as folder:
        outside = Path(folder) / "external.onnx"
        onnx.save(model, outside, save_as_external_data=True, location="weights.bin", size_threshold=0)
        shutil.copy(outside, VALID / "external.onnx")

    def count_external(part: Any) -> int:
        own = sum(tensor.data_location == TensorProto.EXTERNAL for tensor in part.initializer)
        return own + sum(count_external(attribute.g) for node in part.node for attribute in node.attribute if attribute.HasField("g"))

    external = count_external(onnx.load(VALID / "external.onnx", load_external_data=False).graph)
    expect({
        "external.onnx": {"format": "onnx", "framework": "onnx", "parameterCount": count(loaded.graph), "metadata": {"externalTensors": external}}
    })


def make_torch() -> None:
    import torch

    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 2))
    state = model.state_dict()
    state["tied"] = state["0.weight"]
    state["half"] = torch.zeros(3, dtype=torch.bfloat16)
    unique = {(tensor.data_ptr(), tuple(tensor.shape)): tensor.numel() for tensor in state.values()}
    count = sum(unique.values())
    torch.save(state, VALID / "tiny.pt")
    torch.save(state, VALID / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"model": state, "epoch": 3, "optimizer": torch.optim.Adam(model.parameters()).state_dict()}, VALID / "checkpoint.pth")
    entry = {"format": "pytorch", "framework": "pytorch", "parameterCount": count, "metadata": {"tensors": len(unique)}}
    expect({
        "tiny.pt": {"format": "pytorch", "framework": "pytorch", "parameterCount": count, "metadata": {"container": "zip", "tensors": len(unique)}},
        "legacy.pt": entry,
        "checkpoint.pth": {"format": "pytorch", "framework": "pytorch", "parameterCount": count, "metadata": {}},
    })


def make_keras() -> None:
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.1), keras.layers.BatchNormalization(), keras.layers.Dense(2)],
        name="tiny",
    )
    model.compile(optimizer="adam", loss="mse")
    model.save(VALID / "tiny.keras")
    model.save(VALID / "tiny.h5")
    model.save_weights(VALID / "tiny.weights.h5")
    count = int(model.count_params())
    common = {"format": "keras", "framework": "tensorflow", "parameterCount": count}
    expect({
        "tiny.keras": {**common, "metadata": {"className": "Sequential", "name": "tiny", "container": "zip"}},
        "tiny.h5": {**common, "metadata": {"className": "Sequential", "name": "tiny", "kerasVersion": keras.__version__}},
        "tiny.weights.h5": {**common, "metadata": {"container": "hdf5"}},
    })


def make_tensorflow() -> None:
    import numpy as np
    import tensorflow as tf

    class Tiny(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = tf.Variable(tf.ones((3, 2)), name="weights")
            self.bias = tf.Variable(tf.zeros(2), name="bias")

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def __call__(self, x: Any) -> Any:
            return tf.matmul(x, self.weights) + self.bias

    with tempfile.TemporaryDirectory() as folder:
        module = Tiny()
        tf.saved_model.save(module, folder, signatures=module.__call__)
        loaded = tf.saved_model.load(folder)
        shutil.copy(Path(folder) / "saved_model.pb", VALID / "saved_model.pb")
        for name, pack in (("saved_model.tar", "w"), ("saved_model.tar.gz", "w:gz")):
            with tarfile.open(VALID / name, pack) as archive:
                archive.add(folder, arcname="tiny")
        count = int(sum(np.prod(v.shape) for v in (loaded.weights, loaded.bias)))
    entry = {"format": "tensorflow", "framework": "tensorflow", "parameterCount": count, "metadata": {"tensorflowVersion": tf.__version__, "variables": 2}}
    expect({"saved_model.pb": entry, "saved_model.tar": entry, "saved_model.tar.gz": entry})


def make_plain() -> None:
    """Pickles of plain data, and archives of several models."""
    import pickle

    data = {"a": [1, 2.5, None, True, "text", b"bytes", (1, 2, 3, 4), {5}, frozenset([6])], "long": 2**70}
    for protocol in range(6):
        (VALID / f"plain-{protocol}.pkl").write_bytes(pickle.dumps(data, protocol))
    expect({f"plain-{protocol}.pkl": {"format": "pickle", "framework": "other", "parameterCount": None, "metadata": {}} for protocol in range(6)})
    with zipfile.ZipFile(VALID / "several.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(VALID / "tiny.safetensors", "model/model.safetensors")
        archive.write(VALID / "tiny.onnx", "model/model.onnx")
        archive.writestr("README.md", "# Several models\n")
    known = json.loads(EXPECTED.read_text())
    count = known["tiny.safetensors"]["parameterCount"] + known["tiny.onnx"]["parameterCount"]
    expect({"several.zip": {"format": "zip", "framework": "other", "parameterCount": count, "metadata": {"members": 3}}})


def make_hostile() -> None:
    import hostile

    hostile.make_all(HERE / "hostile", VALID)


SECTIONS: dict[str, Callable[[], None]] = {
    "gguf": make_gguf,
    "safetensors": make_safetensors,
    "onnx": make_onnx,
    "torch": make_torch,
    "keras": make_keras,
    "tensorflow": make_tensorflow,
    "plain": make_plain,
    "hostile": make_hostile,
}


def main(names: list[str]) -> None:
    VALID.mkdir(exist_ok=True)
    for name in names or SECTIONS:
        SECTIONS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
