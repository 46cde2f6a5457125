"""The process in which Python of tasks runs: ``python -m cluster_ai.tasks.child python|model``.

What a task prints is no part of the protocol: the channel moves to descriptors that nothing else knows, standard input becomes
empty and standard output goes where standard error goes.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any

from .. import authoring
from .encode import to_json
from .failure import TaskFailure, from_exception

Handler = Callable[[dict[str, Any]], Any]
HANDLERS = {"python": "cluster_ai.tasks.run_python", "model": "cluster_ai.operations.run_model"}


class Channel:
    """Whole messages to the worker; progress may come from any thread of the task."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any], payload: bytes = b"") -> None:
        with self._lock:
            self._stream.write(json.dumps(message).encode() + b"\n" + payload)
            self._stream.flush()

    def progress(self, fraction: float, message: str) -> None:
        self.send({"type": "progress", "fraction": fraction, "message": message[:500]})


def open_channel() -> tuple[IO[bytes], Channel]:
    requests = os.fdopen(os.dup(0), "rb", buffering=1024 * 1024)
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, Channel(answers)


def listen(requests: IO[bytes], waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Ends everything here when the worker is gone, also in the middle of a task."""
    while line := requests.readline():
        header = json.loads(line)
        waiting.put((header, requests.read(header["bytes"])))
    os.killpg(0, signal.SIGKILL)


def answer(handler: Handler, channel: Channel, header: dict[str, Any], payload: bytes) -> None:
    authoring.send_progress_to(channel.progress)
    try:
        data = to_json(handler(json.loads(payload)), header["maxBytes"])
    except BaseException as error:
        end_of_output(header["mark"])
        failure = error if isinstance(error, TaskFailure) else from_exception(error)
        channel.send({"type": "failed", **failure.to_json()})
    else:
        end_of_output(header["mark"])
        channel.send({"type": "done", "bytes": len(data)}, data)
    finally:
        authoring.send_progress_to(None)


def end_of_output(mark: str) -> None:
    """After it, whatever is printed belongs to no task."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # a task may have closed or replaced it
            continue
    os.write(2, f"\0{mark}\n".encode())


def main() -> None:
    requests, channel = open_channel()
    waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(requests, waiting), daemon=True).start()
    handler: Handler = import_module(HANDLERS[sys.argv[1]]).run
    while True:
        answer(handler, channel, *waiting.get())


if __name__ == "__main__":
    main()
