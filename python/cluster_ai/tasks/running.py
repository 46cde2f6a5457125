"""One attempt of a task while it runs here: what it may take, and how it is stopped."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .events import Reporter
from .failure import TaskFailure
from .settings import Settings

STOPPED_AHEAD = 10_000
"""How many orders to stop are kept for attempts that have not begun."""


class Run:
    """``spec`` is what the bridge sent. Whoever does something that can be ended registers how by ``stoppable``."""

    def __init__(self, spec: dict[str, Any], settings: Settings, reporter: Reporter, worker: Any) -> None:
        self.spec, self.settings, self.reporter, self.worker = spec, settings, reporter, worker
        self.input: dict[str, Any] = spec["input"]
        seconds = spec.get("timeoutSeconds")
        self.deadline = None if seconds is None else time.monotonic() + float(seconds)
        self.max_bytes = int(spec.get("maxBytes") or 1024**3)
        self.smallest_memory: int | None = None
        """Of one thread of any worker, where that is limited and the task spreads over them."""
        self.is_stopped = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], object]] = []

    def stop(self) -> None:
        with self._lock:
            self.is_stopped.set()
            stops = list(self._stops)
        for stop in stops:
            with suppress(Exception):
                stop()

    @contextmanager
    def stoppable(self, stop: Callable[[], object]) -> Iterator[None]:
        with self._lock:
            self._stops.append(stop)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)

    def check(self) -> None:
        """Raises TaskFailure ``cancelled`` or ``timed_out`` when the task has no business going on."""
        if self.is_stopped.is_set():
            raise TaskFailure("cancelled", "The task was stopped.")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TaskFailure("timed_out", "The task took longer than its timeout.", "Allow more (timeoutSeconds), or split it.")


class Runs:
    """All that run in this process, by task and attempt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, int], Run] = {}
        self._stopped: OrderedDict[tuple[str, int], None] = OrderedDict()

    @contextmanager
    def entered(self, run: Run) -> Iterator[None]:
        key = (run.spec["id"], run.spec["attempt"])
        with self._lock:
            if key in self._stopped:
                raise TaskFailure("cancelled", "The task was stopped before it began.")
            self._runs[key] = run
        try:
            yield
        finally:
            with self._lock:
                if self._runs.get(key) is run:
                    del self._runs[key]

    def stop(self, task: str, attempt: int) -> bool:
        """Whether it ran here. One that has not begun never will."""
        with self._lock:
            run = self._runs.get((task, attempt))
            self._stopped[(task, attempt)] = None
            while len(self._stopped) > STOPPED_AHEAD:
                self._stopped.popitem(last=False)
        if run is not None:
            run.stop()
        return run is not None
