"""Dask's own nanny and worker, set up as the configuration says, and watched."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import dask
from distributed import Nanny, Security, system
from distributed.diagnostics.plugin import WorkerPlugin

from .lines import LONGEST_LINE, Teller
from .operations.memory import buffers

SPILL = {"target": 0.6, "spill": 0.7, "pause": 0.8, "terminate": 0.95}
DEATH_TIMEOUT_SECONDS = 30
RETIRE_WITHIN_SECONDS = 60
CLOSE_WITHIN_SECONDS = 3


def find_versions() -> dict[str, str]:
    """Everything that must be equal across a cluster."""
    return {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        **{package: version(package) for package in ("dask", "distributed", "cloudpickle")},
    }


class TaskPlaces(WorkerPlugin):
    """Gives the worker what tasks need to know of this machine, as ``worker.cluster_ai``."""

    name = "cluster-ai-places"

    def __init__(self, places: dict[str, Any]) -> None:
        self._places = places

    def setup(self, worker: Any) -> None:
        worker.cluster_ai = self._places


class WatchedNanny(Nanny):
    """Dask's nanny starts a dead worker again and stays without one where that fails; ours ends then, and counts."""

    def watch(self, on_start: Callable[[int], None]) -> None:
        self._starts = 0
        self._on_start = on_start
        self.gave_up = asyncio.Event()

    async def instantiate(self) -> Any:
        try:
            status = await super().instantiate()
        except BaseException:
            self.gave_up.set()
            raise
        self._on_start(self._starts)
        self._starts += 1
        return status


def _configure(wish: dict[str, Any]) -> None:
    memory = {**SPILL, **wish.get("spill", {})}
    tasks = {"scratch": wish["scratch"], "node": wish.get("node"), **wish.get("tasks", {})}
    dask.config.set(
        {
            **buffers(wish.get("memoryLimitBytes") or system.MEMORY_LIMIT),
            "distributed.comm.require-encryption": True,
            **{f"distributed.worker.memory.{name}": share for name, share in memory.items()},
            # many tiny tasks: asking each thread a hundred times a second what it does costs more than they do
            **({"distributed.worker.profile.enabled": False} if wish.get("profile") == "fast" else {}),
            "temporary-directory": wish["scratch"],
            "cluster-ai.tasks": {name: value for name, value in tasks.items() if value is not None},
        }
    )


def _create(wish: dict[str, Any]) -> WatchedNanny:
    authority, certificate, key = wish["authority"], wish["certificate"], wish["key"]
    roles = ("scheduler", "worker", "client")
    security = Security(  # type: ignore[no-untyped-call]
        require_encryption=True,
        tls_ca_file=authority,
        **{f"tls_{role}_cert": certificate for role in roles},
        **{f"tls_{role}_key": key for role in roles},
    )
    places = {name: wish.get(name) for name in ("nodeId", "dataFolders", "scratch", "blobs", "node")}
    return WatchedNanny(
        wish["scheduler"],
        name=wish["name"],
        host=wish["host"],
        worker_port=wish.get("port", 0),
        nthreads=wish["threads"],
        memory_limit=wish.get("memoryLimitBytes") or "auto",
        resources=wish.get("resources", {}),
        local_directory=wish["scratch"],
        death_timeout=wish.get("deathTimeoutSeconds", DEATH_TIMEOUT_SECONDS),
        security=security,
        plugins=(TaskPlaces(places),),
        # what it shows of itself needs no login, so nobody else may reach it
        dashboard=False,
        dashboard_address="127.0.0.1:0",
    )


async def _retire(nanny: Nanny, within_seconds: float, tell: Teller) -> None:
    """Its data goes to other workers first. Where there is none, or not in time, the scheduler works it out again."""
    asked = nanny.scheduler.retire_workers(workers=[nanny.worker_address], close_workers=False, remove=True)
    try:
        moved = await asyncio.wait_for(asked, within_seconds)
        tell(type="retired", isHandedOver=bool(moved))
    except Exception as error:
        print(f"The worker could not be retired in order: {error!r}", file=sys.stderr)
        tell(type="retired", isHandedOver=False)


async def _obey(nanny: Nanny, tell: Teller) -> None:
    """Follows orders on standard input until it ends, or one of them says to."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        if order.get("type") == "retire":
            return await _retire(nanny, order.get("withinSeconds", RETIRE_WITHIN_SECONDS), tell)


async def _live(wish: dict[str, Any], tell: Teller) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)

    def on_start(count: int) -> None:
        if count == 0:
            about = {"versions": find_versions(), "sandbox": tell.sandbox, "pid": os.getpid()}
            tell(type="ready", name=wish["name"], address=nanny.worker_address, workerPid=nanny.pid, **about)
        else:
            tell(type="restarted", address=nanny.worker_address, workerPid=nanny.pid, restarts=count)

    nanny = _create(wish)
    nanny.watch(on_start)
    obeying = asyncio.create_task(_obey(nanny, tell))
    living = asyncio.create_task(_follow(nanny))
    waiting = [obeying, living, asyncio.create_task(ended.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    has_failed = living.done() and living.exception() is not None
    if has_failed:
        tell(type="failed", code="worker_crashed", message=f"The worker could not be started: {living.exception()}"[:2000])
    await asyncio.wait([asyncio.create_task(nanny.close(timeout=CLOSE_WITHIN_SECONDS))], timeout=2 * CLOSE_WITHIN_SECONDS)
    return 1 if has_failed else 0


async def _follow(nanny: WatchedNanny) -> None:
    """Until the worker ended for good, as it does when its scheduler goes. Raises where it cannot be started."""
    await nanny
    gave_up = asyncio.create_task(nanny.gave_up.wait())
    finished = asyncio.create_task(nanny.finished())  # type: ignore[no-untyped-call]
    await asyncio.wait([gave_up, finished], return_when=asyncio.FIRST_COMPLETED)


def run(wish: dict[str, Any], tell: Teller) -> int:
    _configure(wish)
    code = asyncio.run(_live(wish, tell))
    sys.stderr.flush()
    os._exit(code)  # threads of a worker that hangs must not keep this process
