"""Children that wait for their next task. As many as tasks run at once: each slot of the worker has its own."""

from __future__ import annotations

import atexit
import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .children import Child, Program

Key = tuple[str, str]
"""The kind of a child, and whose code runs in it: code of one person meets no other's."""


def remove_leftovers(folder: Path) -> None:
    """Of workers that were killed before they could tidy up."""
    for left in folder.glob("children-*"):
        pid = left.name.rpartition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


class Pool:
    def __init__(self, folder: Path, most_idle: int) -> None:
        self._folder, self._most_idle = folder, most_idle
        self._idle: list[tuple[Key, Child]] = []
        self._lock = threading.Lock()
        self._number = itertools.count(1)
        atexit.register(self.close)

    @contextmanager
    def borrowed(self, key: Key, make: Callable[[], Program], *, is_kept: bool = True) -> Iterator[Child]:
        """A living child. It is kept for the next task when it is still alive at the end."""
        child = self._take(key) or Child(make(), self._folder / f"child-{next(self._number)}")
        try:
            yield child
        finally:
            if is_kept and child.killed_for is None and child.is_alive:
                self._give_back(key, child)
            else:
                self._remove(child)

    def _take(self, key: Key) -> Child | None:
        while True:
            with self._lock:
                index = next((i for i, (of, _) in reversed(list(enumerate(self._idle))) if of == key), None)
                child = None if index is None else self._idle.pop(index)[1]
            if child is None or child.is_alive:
                return child
            self._remove(child)

    def _give_back(self, key: Key, child: Child) -> None:
        with self._lock:
            self._idle.append((key, child))
            of_kind = [each for each in self._idle if each[0][0] == key[0]]
            too_many = of_kind[: max(0, len(of_kind) - self._most_idle)]  # the longest idle
            self._idle = [each for each in self._idle if each not in too_many]
        for _, old in too_many:
            self._remove(old)

    def _remove(self, child: Child) -> None:
        child.close()
        shutil.rmtree(child.folder, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for _, child in idle:
            self._remove(child)
