"""A version's files as something to compute with. Nothing here runs code out of a file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import RegistryError
from .models import ModelVersion
from .sessions import share_session

OLDEST_SAFE_TORCH = (2, 6)
"""Before it, ``weights_only=True`` could still be made to run code (CVE-2025-32434)."""


def _need(module: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise RegistryError(
            "unsupported_feature",
            f"Loading this model needs the package {module.split('.')[0]}.",
            f'Install it: pip install "cluster-ai-model-registry[{extra}]", or take the files: registry.download(name).',
        ) from error


def check_verdict(version: ModelVersion) -> None:
    """What is known to be dangerous is not loaded; what can carry code only if nothing suspicious was found. Raises ``forbidden``."""
    found = version.verdict or "unknown"
    may_carry_code = version.framework in ("pytorch", "tensorflow", "other")
    if found == "dangerous" or (may_carry_code and found != "safe"):
        raise RegistryError(
            "forbidden",
            f"{version.name} version {version.version} ({version.framework}) is not loaded: a look into its files says {found}.",
            "Convert it to safetensors, ONNX or GGUF, or take the files: registry.download(name).",
        )


def _one_of(paths: dict[str, Path], *suffixes: str) -> Path:
    found = [path for name, path in paths.items() if name.lower().endswith(suffixes)]
    if len(found) == 1:
        return found[0]
    if len(paths) == 1:
        return next(iter(paths.values()))
    raise RegistryError(
        "unsupported_feature",
        f"The version has {len(found)} files of the kind {' or '.join(suffixes)}, and one was expected.",
        "Take all of its files: registry.download(name).",
    )


def _load_gguf(paths: dict[str, Path]) -> Path:
    return _one_of(paths, ".gguf")


def load_onnx(registry: Any, version: ModelVersion, paths: dict[str, Path]) -> Any:
    session = _need("onnxruntime", "onnx").InferenceSession
    return share_session(version.manifest_digest, (registry, version.name, version.version), session, str(_one_of(paths, ".onnx")))


def _load_safetensors(paths: dict[str, Path]) -> dict[str, Any]:
    load_file = _need("safetensors.numpy", "safetensors").load_file
    tensors: dict[str, Any] = {}
    for name, path in paths.items():
        if name.lower().endswith(".safetensors") or len(paths) == 1:
            tensors.update(load_file(str(path)))
    return tensors


def _load_pytorch(paths: dict[str, Path]) -> Any:
    torch = _need("torch", "torch")
    have = tuple(int(part) for part in str(torch.__version__).split("+")[0].split(".")[:2])
    if have < OLDEST_SAFE_TORCH:
        raise RegistryError("unsupported_feature", f"torch {torch.__version__} can be made to run code by a file.", "Install torch 2.6.")
    return torch.load(str(_one_of(paths, ".pt", ".pth", ".bin")), map_location="cpu", weights_only=True)


loaders: dict[str, Callable[[dict[str, Path]], Any]] = {
    "gguf": _load_gguf,
    "safetensors": _load_safetensors,
    "pytorch": _load_pytorch,
}


def load(registry: Any, version: ModelVersion, paths: dict[str, Path]) -> Any:
    """``registry`` is whom to ask where a session arrives by pickling. Raises ``unsupported_feature`` for a framework that cannot be loaded without running its code, or whose package is missing."""
    if version.framework == "onnx":
        return load_onnx(registry, version, paths)
    loader = loaders.get(version.framework)
    if loader is None:
        raise RegistryError(
            "unsupported_feature",
            f"Models of {version.framework} are not loaded here.",
            "Take the files: registry.download(name).",
        )
    return loader(paths)
