"""What is pickled by one Python is not understood by another: it may even end the worker. So both are compared before."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from model_registry.errors import ClusterError


def _minor(number: str) -> str:
    return ".".join(number.split(".")[:2])


def own_versions() -> dict[str, str | None]:
    """Of this Python; ``None`` for what is not installed."""
    found: dict[str, str | None] = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in ("dask", "distributed", "cloudpickle"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def check_versions(wanted: Mapping[str, str], names: Sequence[str] = ("python", "dask", "distributed", "cloudpickle")) -> None:
    """Raises ``python_mismatch`` with one line that mends it. Of Python the minor version counts, of packages the whole."""
    own = own_versions()
    if "python" in names and _minor(str(own["python"])) != _minor(wanted["python"]):
        raise ClusterError(
            "python_mismatch",
            f"This is Python {own['python']}, and the cluster runs Python {wanted['python']}.",
            f"Run this with Python {_minor(wanted['python'])}, or hand in functions by name.",
        )
    wrong = [name for name in names if name != "python" and own[name] != wanted[name]]
    if wrong:
        told = ", ".join(f"{name} {own[name] or 'not installed'} instead of {wanted[name]}" for name in wrong)
        fix = " ".join(f"{name}=={wanted[name]}" for name in wrong)
        raise ClusterError("python_mismatch", f"This Python has {told}.", f"Run: {sys.executable} -m pip install {fix}")
