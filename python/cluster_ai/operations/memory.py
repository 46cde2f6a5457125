"""What Dask keeps in memory beside tables, in proportion to a worker: its own sizes are made for large machines."""

from __future__ import annotations

SHARE = 16
SMALLEST = 4 * 1024 * 1024


def buffers(memory_bytes: int) -> dict[str, object]:
    """Of shuffles, which go to the disk: for Dask's configuration of a worker with such a limit."""
    size = max(SMALLEST, memory_bytes // SHARE)
    return {
        "distributed.p2p.comm.buffer": f"{min(size, 1024**3)} B",
        "distributed.p2p.storage.buffer": f"{min(size, 100 * 1024**2)} B",
        "distributed.p2p.comm.concurrency": 2 if memory_bytes < 2 * 1024**3 else 10,
        # allocators that keep what was let go would hold a small worker at its limit for good
        "distributed.nanny.pre-spawn-environ.ARROW_DEFAULT_MEMORY_POOL": "system",
        "distributed.nanny.pre-spawn-environ.MALLOC_ARENA_MAX": 2,
    }
