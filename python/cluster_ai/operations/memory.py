"""What Dask keeps in memory beside tables, in proportion to a worker: its own sizes are made for large machines."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from contextlib import suppress
from typing import Any

SHARE = 16
SMALLEST = 4 * 1024 * 1024
SMALL_WORKER = 2 * 1024**3


def buffers(memory_bytes: int) -> dict[str, object]:
    """For Dask's configuration of a worker with such a limit."""
    size = max(SMALLEST, memory_bytes // SHARE)
    settings: dict[str, object] = {
        # of shuffles, which go to the disk
        "distributed.p2p.comm.buffer": f"{min(size, 1024**3)} B",
        "distributed.p2p.storage.buffer": f"{min(size, 100 * 1024**2)} B",
        # allocators that keep what was let go would hold a small worker at its limit for good
        "distributed.nanny.pre-spawn-environ.ARROW_DEFAULT_MEMORY_POOL": "system",
        "distributed.nanny.pre-spawn-environ.MALLOC_ARENA_MAX": 2,
    }
    if memory_bytes < SMALL_WORKER:
        settings["distributed.p2p.comm.concurrency"] = 2
        settings["distributed.worker.profile.enabled"] = False  # its samples of deep calls grow to a hundred megabytes
    return settings


TRIM_SECONDS = 0.5
TRIMMED_ABOVE = 0.6
"""Of a worker's limit, where Dask begins to spill."""
_trimmer: threading.Thread | None = None
_lock = threading.Lock()


def trim_when_full() -> None:
    """What was let go stays with the C library for later: a worker near its limit takes no tasks, and would so for good.

    Called by what works on parts of tables; one thread for each worker gives it back.
    """
    global _trimmer
    from distributed import get_worker

    with suppress(ValueError), _lock:
        worker = get_worker()
        if _trimmer is None and sys.platform == "linux":
            _trimmer = threading.Thread(target=_trim, args=(worker,), name="cluster-ai-trim", daemon=True)
            _trimmer.start()


def _trim(worker: Any) -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
    limit = worker.memory_manager.memory_limit
    while trim is not None and limit and worker.status.name not in ("closed", "failed"):
        time.sleep(TRIM_SECONDS)
        if worker.status.name == "paused":
            gc.collect()
        if worker.monitor.get_process_memory() > TRIMMED_ABOVE * limit:
            trim(0)
