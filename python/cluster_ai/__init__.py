"""Cluster AI from Python: what hands in tasks, what authors of tasks import, and what runs on the workers.

>>> from cluster_ai import Cluster
>>> cluster = Cluster()
>>> cluster.map("square", range(1000))

>>> from cluster_ai import progress, task
>>> @task(description="Adds two numbers.")
... def add(a: int, b: int) -> int:
...     return a + b
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_registry.errors import ClusterError

    from .authoring import progress, task
    from .client import Cluster
    from .handles import Task, TaskInfo

__all__ = ["Cluster", "ClusterError", "Task", "TaskInfo", "progress", "task"]

_HOMES = {
    "Cluster": ".client",
    "ClusterError": "model_registry.errors",
    "Task": ".handles",
    "TaskInfo": ".handles",
    "progress": ".authoring",
    "task": ".authoring",
}
"""Imported on first use: a scheduler needs none of it."""


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        from importlib import import_module

        return getattr(import_module(home, __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
