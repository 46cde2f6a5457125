"""Sessions of ONNX: one for all tasks of a process, and to another process they travel as the name of their model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

_open: WeakValueDictionary[str, Any] = WeakValueDictionary()
_lock = threading.Lock()


def share_session(digest: str, again: tuple[Any, ...], session: type, path: str) -> Any:
    """The session over a file, which the digest of its version names; opened once for as long as somebody has it.

    ``again`` is what ``load_again`` needs where the session arrives after pickling, as it does between workers of Dask.
    """
    with _lock:
        found = _open.get(digest)
        if found is None:
            found = _shared(session)(path)
            found.again = again
            _open[digest] = found
        return found


@cache
def _shared(session: type) -> Callable[[str], Any]:
    class SharedSession(session):  # type: ignore[misc]
        again: tuple[Any, ...]

        def __reduce__(self) -> tuple[Any, ...]:
            return (load_again, self.again)

    return SharedSession


def load_again(registry: Any, name: str, version: int) -> Any:
    return registry.load_model(name, version)
