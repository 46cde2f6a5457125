"""Tasks of tests: what they do is said by their input, so that nothing of the real ones is needed."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

_stops: dict[tuple[str, int], threading.Event] = {}


class Failure(Exception):
    def __init__(self, kind: str, message: str, is_retryable: bool) -> None:
        self.kind, self.message, self.is_retryable = kind, message, is_retryable
        super().__init__(message)


def execute(spec: dict[str, Any]) -> dict[str, Any]:
    action, *args = spec["input"]["args"]
    return {"json": json.dumps(_do(spec, action, args)).encode(), "durationMs": 1}


def _do(spec: dict[str, Any], action: str, args: list[Any]) -> Any:
    if action == "echo":
        return args[0] if args else None
    if action == "sum":
        return sum(args[0]) if isinstance(args[0], list) else sum(args)
    if action == "note":  # which tasks ran, in which order
        with open(args[0], "a") as file:
            file.write(f"{spec['id']} {spec['attempt']}\n")
        return None
    if action == "sleep":
        stopped = _stops.setdefault((spec["id"], spec["attempt"]), threading.Event())
        if stopped.wait(args[0]):
            raise Failure("cancelled", "It was stopped.", False)
        return "slept"
    if action == "fail":  # until it has been tried so often
        if spec["attempt"] <= args[0]:
            raise ValueError(f"attempt {spec['attempt']}")
        return spec["attempt"]
    if action == "large":
        return "x" * args[0]
    if action == "print":
        _tell(spec, {"type": "log", "text": args[0]})
        _tell(spec, {"type": "progress", "progress": 0.5, "message": "half"})
        return None
    if action == "die":
        if spec["attempt"] <= args[0]:
            os._exit(1)
        return "lived"
    if action == "spec":
        return {key: value for key, value in spec.items() if key != "input"}
    raise Failure("unsupported", action, False)


def _tell(spec: dict[str, Any], event: dict[str, Any]) -> None:
    from distributed import get_worker

    get_worker().log_event("cluster-ai", {"id": spec["id"], "attempt": spec["attempt"], **event})


def stop(task: str, attempt: int) -> None:
    _stops.setdefault((task, attempt), threading.Event()).set()


def functions(files: list[Any]) -> dict[str, Any]:
    return {"functions": [{"name": str(file), "description": "", "parameters": {}} for file in files]}
