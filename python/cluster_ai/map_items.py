"""One function over many items: in chunks whose size is learned, gathered in order."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from model_registry.errors import ClusterError

from .handles import TaskInfo, failure_of

if TYPE_CHECKING:
    from .client import Cluster

FIRST_TASKS = 4
"""Until something was measured, so few are enough to learn from."""
OPEN_TASKS = 64
RECENT = 16
GROWTH = 10
MOST_ITEMS = 50_000
FIRST_PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class MapProgress:
    """How many items have a result, of how many."""

    done: int
    total: int


def choose_chunk(measured: Sequence[tuple[int, float]], target_seconds: float) -> int:
    """How many items the next chunk takes, by what earlier ones took (items, seconds). One until something was measured, and then no more
    than ten times as many as before: one slow item more or less must not decide for thousands."""
    recent = measured[-RECENT:]
    if not recent:
        return 1
    items = sum(count for count, _ in recent)
    seconds = sum(max(busy, 1e-6) for _, busy in recent)
    largest = max(count for count, _ in recent)
    return max(1, min(math.ceil(target_seconds * items / seconds), largest * GROWTH, MOST_ITEMS))


def _seconds_of(info: TaskInfo) -> float:
    started, ended = info.data.get("startedAt"), info.data.get("endedAt")
    if not started or not ended:
        return 0.0
    return (_read_time(ended) - _read_time(started)).total_seconds()


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class _Run:
    def __init__(self, cluster: Cluster, call: Mapping[str, Any], items: Sequence[Any], name: str | None) -> None:
        self.cluster = cluster
        self.call = call
        self.items = items
        self.id = f"map-{secrets.token_hex(8)}"
        self.name = f"{name} ({self.id})" if name else self.id
        """By it the tasks of this run are found."""
        self.results: list[Any] = [None] * len(items)
        self.open: dict[str, range] = {}
        self.measured: list[tuple[int, float]] = []
        self.handed_in = 0
        self.done = 0

    def hand_in(self, chunk_size: int | None, target_seconds: float) -> None:
        limit = OPEN_TASKS if self.measured or chunk_size else FIRST_TASKS
        size = chunk_size or choose_chunk(self.measured, target_seconds)
        tasks = []
        while self.handed_in < len(self.items) and len(self.open) < limit:
            chunk = range(self.handed_in, min(self.handed_in + size, len(self.items)))
            id = f"{self.id}-{chunk.start}"
            items = list(self.items[chunk.start : chunk.stop])
            tasks.append({"type": "python", "id": id, "name": self.name, "input": {**self.call, "items": items}})
            self.open[id] = chunk
            self.handed_in = chunk.stop
        if tasks:
            self.cluster.submit_tasks(tasks)

    def gather(self) -> bool:
        """Takes what has ended; whether there was any. Newest come first: a look ends with the oldest one that is open."""
        before = self.done
        unseen = set(self.open)
        for info in self.cluster.iterate_tasks(name=self.name, page=len(unseen)):
            chunk = self.open.get(info.id)
            unseen.discard(info.id)
            if chunk is not None and info.has_ended:
                self._take(info, chunk)
            if not unseen:
                break
        return self.done > before

    def _take(self, info: TaskInfo, chunk: range) -> None:
        if info.state != "done":
            raise failure_of(info, f"items {chunk.start} to {chunk.stop - 1} of {self.name}")
        values = (info.data.get("result") or {}).get("value")
        if values is None:
            values = self.cluster.task(info.id).result()
        if not isinstance(values, list) or len(values) != len(chunk):
            raise ClusterError("internal", f"The task {info.id} answered with something else than a result for each item.")
        self.results[chunk.start : chunk.stop] = values
        del self.open[info.id]
        self.measured.append((len(chunk), _seconds_of(info)))
        self.done += len(chunk)

    def cancel(self) -> None:
        for id in self.open:
            try:
                self.cluster.task(id).cancel()
            except ClusterError:
                continue  # it has ended meanwhile


def map_items(
    cluster: Cluster,
    call: Mapping[str, Any],
    items: Sequence[Any],
    *,
    name: str | None,
    chunk_size: int | None,
    target_seconds: float,
    progress: Callable[[MapProgress], None] | None,
    timeout: float | None,
) -> list[Any]:
    """Hands in, gathers in order; whatever ends it early cancels what is open."""
    run = _Run(cluster, call, items, name)
    until = None if timeout is None else time.monotonic() + timeout
    pause = FIRST_PAUSE_SECONDS
    try:
        while run.done < len(items):
            run.hand_in(chunk_size, target_seconds)
            pause = FIRST_PAUSE_SECONDS if run.gather() else min(LONGEST_PAUSE_SECONDS, pause * 1.5)
            if progress is not None:
                progress(MapProgress(run.done, len(items)))
            if until is not None and time.monotonic() >= until:
                raise TimeoutError(f"{run.done} of {len(items)} items were done within {timeout} s.")
            if run.done < len(items):
                time.sleep(pause)
        return run.results
    except BaseException:
        run.cancel()
        raise
