"""What the bridge asks the scheduler about: run there, answered as bytes of JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


def describe(dask_scheduler: Any) -> bytes:
    """Workers with their memory, and how many tasks are in each of Dask's states."""
    states = Counter(task.state for task in dask_scheduler.tasks.values())
    return json.dumps({"workers": [_worker(each) for each in dask_scheduler.workers.values()], "tasks": states}).encode()


def _worker(state: Any) -> dict[str, Any]:
    metrics = state.metrics or {}
    return {
        "name": str(state.name),
        "address": state.address,
        "status": state.status.name,
        "threads": state.nthreads,
        "memoryLimitBytes": int(state.memory_limit or 0),
        "memoryBytes": int(metrics.get("memory", 0)),
        "spilledBytes": int((metrics.get("spilled_bytes") or {}).get("disk", 0)),
        "resources": {name: float(value) for name, value in state.resources.items()},
        "running": len(state.executing),
        "waiting": len(state.processing) - len(state.executing),
    }
