"""What the bridge has a worker do: run one task by the executor that it names, and stop one.

Everything that leaves here is bytes that we made: no result and no error of a task is unpickled by anybody.
"""

from __future__ import annotations

import importlib
import json
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

TOPIC = "cluster-ai"
"""Of the events by which workers tell how their tasks go."""

STARTED_AFTER_S = 0.2
"""A task that is done sooner need not be announced: the announcement would cost more than the task."""

MOST_STOPPED = 10_000
STOP_WAITS_S = 1.8

Attempt = tuple[str, int]

_lock = threading.Lock()
_running: dict[Attempt, threading.Event] = {}
_untold: dict[Attempt, tuple[float, Any]] = {}
_stopped: OrderedDict[Attempt, None] = OrderedDict()
_teller: threading.Thread | None = None


def load(executor: str) -> Any:
    """The function that `module:function` names; the bridge's configuration says it, never a task."""
    module, _, name = executor.partition(":")
    return getattr(importlib.import_module(module), name)


def to_order(executor: str, spec: str) -> bytes:
    """What `run` takes, as one value: bytes are the argument that costs Dask least, and that it never looks into."""
    return f"{executor}\n{spec}".encode()


def run(order: bytes) -> bytes:
    """Runs one attempt. Gives a line of JSON that says what it is, and after it the result as the executor encoded it."""
    name, _, spec = order.partition(b"\n")
    executor = name.decode()
    wanted = json.loads(spec)
    attempt = (wanted["id"], wanted["attempt"])
    ended = threading.Event()
    with _lock:
        if attempt in _stopped:
            return _pack({"failure": {"kind": "cancelled", "message": "It was cancelled before it began.", "isRetryable": False}})
        _running[attempt] = ended
        _tell_soon(attempt)
    started = time.monotonic()
    try:
        done = load(executor)(wanted)
        took = done.get("durationMs", (time.monotonic() - started) * 1000)
        return _pack({"durationMs": took, "worker": _name()}, done["json"])
    except Exception as error:  # noqa: BLE001  whatever it is, it is the task's
        return _pack({"failure": to_failure(error), "worker": _name()})
    finally:
        with _lock:
            _running.pop(attempt, None)
            _untold.pop(attempt, None)
        ended.set()


def stop(executor: str, attempts: list[Attempt]) -> bytes:
    """Ends attempts of this worker, and waits until they have: a JSON list of those that still run."""
    wanted = [(id, attempt) for id, attempt in attempts]
    with _lock:
        for attempt in wanted:
            _stopped[attempt] = None
        while len(_stopped) > MOST_STOPPED:
            _stopped.popitem(last=False)
        waiting = [(attempt, _running[attempt]) for attempt in wanted if attempt in _running]
    end: Callable[[str, int], object] | None = getattr(importlib.import_module(executor.partition(":")[0]), "stop", None)
    for (id, number), _ in waiting:
        if end is not None:
            end(id, number)
    until = time.monotonic() + STOP_WAITS_S
    still = [attempt for attempt, ended in waiting if not ended.wait(max(0.0, until - time.monotonic()))]
    return json.dumps(still).encode()


def functions(listing: str, files: bytes) -> bytes:
    """What tasks can call by name, as `listing` reads it from the files."""
    return json.dumps(load(listing)(json.loads(files))).encode()


def to_failure(error: BaseException) -> dict[str, Any]:
    """Of an error that says more of itself (`TaskFailure`), what it says; of any other one, its own words."""
    said = {name: getattr(error, name) for name in ("kind", "message", "hint", "traceback", "isRetryable") if hasattr(error, name)}
    if "is_retryable" in dir(error):
        said["isRetryable"] = error.is_retryable  # type: ignore[attr-defined]
    if "kind" in said:
        return {key: value for key, value in said.items() if isinstance(value, str | bool | int | float)}
    text = f"{type(error).__name__}: {error}"[:4000]
    return {"kind": "error", "message": text, "traceback": "".join(traceback.format_exception(error))[-8000:], "isRetryable": True}


def _pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    return json.dumps(header).encode() + b"\n" + body


def _name() -> str:
    from distributed import get_worker

    try:
        return str(get_worker().name)
    except ValueError:  # not on a worker: a test
        return ""


def _tell_soon(attempt: Attempt) -> None:
    """With the lock held: one thread tells of all tasks that take longer."""
    global _teller
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:
        return
    _untold[attempt] = (time.monotonic() + STARTED_AFTER_S, worker)
    if _teller is None:
        _teller = threading.Thread(target=_tell, name="cluster-ai-started", daemon=True)
        _teller.start()


def _tell() -> None:
    global _teller
    while True:
        time.sleep(STARTED_AFTER_S)
        now = time.monotonic()
        with _lock:
            if not _untold:
                _teller = None
                return
            due = [(attempt, worker) for attempt, (at, worker) in _untold.items() if at <= now]
            for attempt, _ in due:
                del _untold[attempt]
        for (id, number), worker in due:
            worker.log_event(TOPIC, {"id": id, "attempt": number, "type": "started", "worker": str(worker.name)})
