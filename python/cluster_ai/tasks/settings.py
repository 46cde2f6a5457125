"""What a worker's owner decided about the children that tasks run in: ``cluster-ai.tasks`` of Dask's configuration.

Dask hands its configuration from a nanny to the worker, so that nothing has to travel in the environment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.config

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    children: Path
    """Where children of this process have their folders."""
    files: Path
    """What was fetched; workers that come later use it too."""
    node: str | None
    """The program Node.js, for tasks in JavaScript."""
    memory_bytes: int | None
    """How much one child may take; more ends it."""
    cache_bytes: int
    """How much of fetched files is kept."""
    threads: int
    door: Mapping[str, str] | None
    """Where this node has files by digest: ``url`` and ``token``."""
    functions: tuple[str, ...]
    """Files with registered functions, where a task does not bring them."""


def read_settings(worker: Any = None) -> Settings:
    found: dict[str, Any] = dask.config.get("cluster-ai.tasks", default=None) or {}
    threads = int(getattr(getattr(worker, "state", None), "nthreads", 1) or 1)
    folder = found.get("scratch") or getattr(worker, "local_directory", None) or tempfile.gettempdir()
    return Settings(
        children=Path(folder).absolute() / f"children-{os.getpid()}",
        files=Path(folder).absolute() / "files",
        node=found.get("node") or shutil.which("node"),
        memory_bytes=found.get("memory-bytes") or _share(worker, threads),
        cache_bytes=int(found.get("cache-bytes") or 20 * 1024 * MEBIBYTE),
        threads=threads,
        door=(getattr(worker, "cluster_ai", None) or {}).get("blobs"),
        functions=tuple(found.get("functions") or ()),
    )


def _share(worker: Any, threads: int) -> int | None:
    """As much as one thread of the worker has, since each runs one child; at least what Python with numpy takes."""
    limit = getattr(getattr(worker, "memory_manager", None), "memory_limit", None)
    return None if not limit else max(512 * MEBIBYTE, int(limit) // threads)
