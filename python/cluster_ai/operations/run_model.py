"""Inside a child: predictions of a model over tables. Sessions are kept by the digest of their files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..tasks.failure import TaskFailure

MOST_SESSIONS = 4
Predict = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Arrays by the name of each input to arrays by the name of each output."""
_sessions: OrderedDict[str, tuple[Predict, dict[str, Any]]] = OrderedDict()


def run(task: dict[str, Any]) -> Any:
    """The rows of one batch with the columns that the model adds."""
    predict, inputs = session_of(task["key"], task["framework"], {name: Path(path) for name, path in task["files"].items()})
    rows = task["rows"]
    outputs = predict(to_arrays(rows, task["inputs"] or default_inputs(rows, inputs), inputs))
    return [{**row, **{name: values[index] for name, values in outputs.items()}} for index, row in enumerate(rows)]


def session_of(key: str, framework: str, files: dict[str, Path]) -> tuple[Predict, dict[str, Any]]:
    if key not in _sessions:
        if framework not in OPENERS:
            text = f"Models of the framework {framework} cannot predict over tables here."
            raise TaskFailure("unsupported", text, "ONNX, safetensors with a config, TorchScript and GGUF can.")
        while len(_sessions) >= MOST_SESSIONS:
            _sessions.popitem(last=False)
        _sessions[key] = OPENERS[framework](files)
    _sessions.move_to_end(key)
    return _sessions[key]


def one_of(files: Mapping[str, Path], *endings: str) -> Path:
    found = [path for name, path in files.items() if name.lower().endswith(endings)]
    if len(found) != 1:
        raise TaskFailure("unsupported", f"The model has {len(found)} files that end in {' or '.join(endings)}, and one is needed.")
    return found[0]


def open_onnx(files: Mapping[str, Path]) -> tuple[Predict, dict[str, Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # each thread of a worker has a child of its own
    known = onnxruntime.get_available_providers()
    wanted = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in known]
    path = one_of(files, ".onnx")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=wanted)
    except Exception as error:  # of types of its own, which say no more than their words
        raise TaskFailure("unsupported", f"{path.name} is not loaded by ONNX Runtime: {error}", "Check the file.") from None
    inputs = {each.name: (NUMPY_TYPES.get(each.type), each.shape) for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    return lambda arrays: dict(zip(names, session.run(names, dict(arrays)), strict=True)), inputs


NUMPY_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


def open_torch(files: Mapping[str, Path]) -> tuple[Predict, dict[str, Any]]:
    """A scripted module: weights alone say nothing of what to calculate."""
    torch = need_torch()
    try:
        module = torch.jit.load(str(one_of(files, ".pt", ".pth", ".torchscript")), map_location="cpu").eval()
    except RuntimeError as error:
        hint = "Save it with torch.jit.save, or convert it to ONNX."
        raise TaskFailure("unsupported", f"The file holds weights without a program ({str(error)[:200]}).", hint) from None

    def predict(arrays: Mapping[str, Any]) -> dict[str, Any]:
        with torch.inference_mode():
            found = module(*(torch.from_numpy(array) for array in arrays.values()))
        many = found if isinstance(found, (tuple, list)) else [found]
        return {"output" if len(many) == 1 else f"output{index}": each.numpy() for index, each in enumerate(many)}

    return predict, {}


def need_torch() -> Any:
    try:
        import torch
    except ImportError:
        hint = "Convert it to ONNX, or install torch in the environment of every worker."
        raise TaskFailure("unsupported", "PyTorch is not in the environment of the workers.", hint) from None
    return torch


def open_safetensors(files: Mapping[str, Path]) -> tuple[Predict, dict[str, Any]]:
    """One dense layer (``weight``, ``bias``), as linear and logistic regressions are; anything else needs its program."""
    import numpy

    tensors = read_safetensors(one_of(files, ".safetensors"))
    weight, bias = tensors.get("weight"), tensors.get("bias")
    if weight is None or weight.ndim != 2 or not tensors.keys() <= {"weight", "bias"}:
        text = f"safetensors hold weights without a program, and these ({', '.join(sorted(tensors)[:10])}) are no single linear layer."
        raise TaskFailure("unsupported", text, "Convert the model to ONNX, or serve it and use ai_inference.")
    add = numpy.zeros(len(weight), "float32") if bias is None else bias
    return lambda arrays: {"output": next(iter(arrays.values())) @ weight.T + add}, {"input": ("float32", [None, weight.shape[1]])}


def read_safetensors(path: Path) -> dict[str, Any]:
    """The format is a length, a JSON header and bytes (github.com/huggingface/safetensors, README, "Format")."""
    import json

    import numpy

    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1", "BOOL": "?"}
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        if about["dtype"] not in kinds:
            raise TaskFailure("unsupported", f"The tensor {name} has the type {about['dtype']}.", "Convert the model to ONNX.")
        start, end = about["data_offsets"]
        tensors[name] = numpy.frombuffer(data[8 + size + start : 8 + size + end], kinds[about["dtype"]]).reshape(about["shape"])
    return tensors


OPENERS: dict[str, Callable[[Mapping[str, Path]], tuple[Predict, dict[str, Any]]]] = {
    "onnx": open_onnx,
    "pytorch": open_torch,
    "safetensors": open_safetensors,
}


def default_inputs(rows: list[dict[str, Any]], inputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """A model with one input takes all columns in their order."""
    if len(inputs) > 1:
        text = f"The model has the inputs {', '.join(inputs)}, and the task does not say which columns they take."
        raise TaskFailure("invalid_input", text, "Name them as inputs.")
    return {next(iter(inputs), "input"): list(rows[0])}


def to_arrays(rows: list[dict[str, Any]], wanted: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """One array for each input: a column as it is, or several side by side. Values may be lists themselves."""
    import numpy

    arrays = {}
    for name, columns in wanted.items():
        if inputs and name not in inputs:
            raise TaskFailure("invalid_input", f'The model has no input "{name}".', f"It has: {', '.join(inputs)}.")
        kind, shape = inputs.get(name, ("float32", None))
        try:
            values = [row[columns] if isinstance(columns, str) else [row[column] for column in columns] for row in rows]
            array = numpy.asarray(values, dtype=object if kind == "str" else kind)
        except KeyError as error:
            raise TaskFailure("invalid_input", f"The table has no column {error}.", f"It has: {', '.join(rows[0])}.") from None
        except (ValueError, TypeError) as error:
            raise TaskFailure("invalid_input", f'What "{name}" takes is not all {kind}: {error}.', "Fill missing values before.") from None
        # one column where the model wants a table of one
        arrays[name] = array.reshape(-1, 1) if shape is not None and len(shape) == 2 and array.ndim == 1 else array
    return arrays
