"""Cluster AI from Python: what authors of tasks import, and what runs on the workers.

>>> from cluster_ai import progress, task
>>> @task(description="Adds two numbers.")
... def add(a: int, b: int) -> int:
...     return a + b
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authoring import progress, task

__all__ = ["progress", "task"]

_HOMES = {"progress": "authoring", "task": "authoring"}
"""Imported on first use: a scheduler needs none of it."""


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
