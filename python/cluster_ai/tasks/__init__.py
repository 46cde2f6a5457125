"""What a task does on a worker: the bridge submits ``execute``, and stops it by ``stop``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failure import TaskFailure

if TYPE_CHECKING:
    from .executor import execute, stop

__all__ = ["TaskFailure", "execute", "stop"]


def __getattr__(name: str) -> Any:
    """On first use: a child of a worker needs nothing of Dask."""
    if name in ("execute", "stop"):
        from . import executor

        return getattr(executor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
