"""What a caller holds of a task: what is known of it, and a handle that asks again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from model_registry.errors import ClusterError
from model_registry.transport import Transport, path_of

FINAL = ("done", "failed", "cancelled")
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class TaskInfo:
    """A task as it was when it was looked at. ``progress`` goes from 0 to 1; ``reason`` says why it failed, was cancelled, or waits."""

    id: str
    name: str
    type: str
    state: str
    progress: float
    message: str
    attempt: int
    worker: str | None
    reason: str
    hint: str
    data: Mapping[str, Any]
    """Everything that the cluster answered."""

    @property
    def has_ended(self) -> bool:
        return self.state in FINAL

    @staticmethod
    def read(data: Mapping[str, Any]) -> TaskInfo:
        reason = data.get("reason") or {}
        return TaskInfo(
            id=str(data["id"]),
            name=str(data["name"]),
            type=str(data["type"]),
            state=str(data["state"]),
            progress=float(data["progress"]),
            message=str(data["message"]),
            attempt=int(data["attempt"]),
            worker=data.get("worker"),
            reason=str(reason.get("message", "")),
            hint=str(reason.get("hint", "")),
            data=data,
        )


def failure_of(info: TaskInfo, what: str = "") -> ClusterError:
    """What a task that did not get done raises: ``task_failed`` or ``cancelled``."""
    code = "cancelled" if info.state == "cancelled" else "task_failed"
    return ClusterError(
        code, f"{what or info.name or info.id}: {info.reason or info.state}", info.hint or f"See `cluster-ai tasks show {info.id}`."
    )


class Task:
    """A task of the cluster. Every method asks the cluster; raises ``ClusterError``."""

    def __init__(self, id: str, transport: Callable[[], Transport]) -> None:
        self.id = id
        self._transport = transport

    def __repr__(self) -> str:
        return f"Task({self.id!r})"

    def info(self) -> TaskInfo:
        """Raises ``task_not_found``."""
        return TaskInfo.read(self._transport().call("GET", path_of("tasks", self.id)))

    @property
    def status(self) -> str:
        """``queued``, ``submitted``, ``running``, ``cancelling``, ``done``, ``failed`` or ``cancelled``."""
        return self.info().state

    def wait(self, timeout: float | None = None, progress: Callable[[TaskInfo], None] | None = None) -> TaskInfo:
        """Looks until it has ended, whichever way. Raises ``TimeoutError`` after ``timeout`` seconds; the task goes on."""
        until = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_PAUSE_SECONDS
        while True:
            info = self.info()
            if progress is not None:
                progress(info)
            if info.has_ended:
                return info
            if until is not None and time.monotonic() >= until:
                raise TimeoutError(f"The task {self.id} has not ended within {timeout} s: it is {info.state}.")
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)

    def result(self, timeout: float | None = None) -> Any:
        """Waits for it, and gives what it gave. Raises ``task_failed``, ``cancelled``."""
        info = self.wait(timeout)
        if info.state != "done":
            raise failure_of(info)
        return self._transport().call("GET", path_of("tasks", self.id, "result"))

    def log(self) -> list[str]:
        """What it printed, line by line."""
        return [str(line["text"]) for line in self._transport().call("GET", path_of("tasks", self.id, "logs"))["lines"]]

    def cancel(self) -> None:
        """Stops the work itself, within two seconds. Raises ``conflict`` when it has ended."""
        self._transport().call("POST", path_of("tasks", self.id, "cancel"), {})

    def retry(self) -> None:
        """Runs it again after it failed or was cancelled."""
        self._transport().call("POST", path_of("tasks", self.id, "retry"), {})

    def remove(self) -> None:
        """Forgets it with its result. Raises ``conflict`` while it has not ended."""
        self._transport().call("DELETE", path_of("tasks", self.id))
