"""One request to a child and what comes back, while its output, memory, time and life are watched."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .events import Reporter
from .failure import TaskFailure, to_failure
from .memory import bytes_of_group

if TYPE_CHECKING:
    from .children import Child

LONGEST_HEADER = 256 * 1024
LOOK_SECONDS = 0.1
"""How often memory and time of a busy child are looked at."""
PIECE_BYTES = 256 * 1024
LAST_PRINTED = 8_192
OUT_OF_HEAP = b"JavaScript heap out of memory"
MEMORY_HINT = "Work on smaller parts, or give workers more memory (compute.workers.memory)."


@dataclass(frozen=True)
class Limits:
    deadline: float | None
    """Of `time.monotonic`."""
    memory_bytes: int | None
    answer_bytes: int


class Conversation:
    """One request to its end, watching output, memory, time and life of the child at once."""

    def __init__(
        self, child: Child, process: subprocess.Popen[bytes], request: dict[str, Any], payload: bytes, limits: Limits, reporter: Reporter
    ) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._child, self._process, self._limits, self._reporter = child, process, limits, reporter
        self._mark = f"\0{secrets.token_hex(16)}\n".encode()
        header = json.dumps({**request, "mark": self._mark.decode()[1:-1], "bytes": len(payload)})
        self._out = memoryview(header.encode() + b"\n" + payload)
        self._in = bytearray()
        self._wanted: int | None = None
        self._answer: bytes | None = None
        self._failure: TaskFailure | None = None
        self._printed = bytearray()
        self._last_printed = b""
        self._is_printed_all = False
        self._stdin, self._stdout, self._stderr = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        self._selector = selectors.DefaultSelector()
        self._looked_at = 0.0

    def __enter__(self) -> Conversation:
        self._selector.register(self._stdin, selectors.EVENT_WRITE, self._write)
        self._selector.register(self._stdout, selectors.EVENT_READ, self._read)
        self._selector.register(self._stderr, selectors.EVENT_READ, self._read_printed)
        return self

    def __exit__(self, *error: object) -> None:
        self._selector.close()

    def run(self) -> bytes:
        while not self._is_over():
            for key, _ in self._selector.select(LOOK_SECONDS):
                key.data()
            self._reporter.tick()
            self._look()
        self._settle_printed()
        if self._failure is not None and self._failure.kind == "crashed" and OUT_OF_HEAP in self._last_printed:
            self._failure = TaskFailure("out_of_memory", "The task took more memory than JavaScript may have here.", MEMORY_HINT)
        if self._failure is not None:
            raise self._failure
        assert self._answer is not None
        return self._answer

    def _is_over(self) -> bool:
        return self._answer is not None or self._failure is not None

    def _write(self) -> None:
        try:
            self._out = self._out[os.write(self._stdin, self._out[:PIECE_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._out = self._out[:0]
        if not self._out:
            self._selector.unregister(self._stdin)

    def _read(self) -> None:
        piece = _read_some(self._stdout)
        if piece is None:
            return
        if not piece:
            self._ended()
            return
        self._in += piece
        while not self._is_over() and self._take():
            pass

    def _take(self) -> bool:
        """One line, or the bytes that the last one announced."""
        if self._wanted is not None:
            if len(self._in) < self._wanted:
                return False
            self._answer = bytes(self._in[: self._wanted])
            return True
        line, newline, rest = self._in.partition(b"\n")
        if not newline:
            if len(line) > LONGEST_HEADER:
                self._misbehaved()
            return False
        self._in = rest
        self._hear(line)
        return True

    def _hear(self, line: bytearray) -> None:
        try:
            said = json.loads(line)
            kind = said["type"]
            if kind == "progress":
                self._reporter.progress(float(said["fraction"]), str(said["message"]))
            elif kind == "failed":
                self._failure = to_failure(said)
            elif kind == "done":
                self._expect(int(said["bytes"]))
            else:
                self._misbehaved()
        except (ValueError, KeyError, TypeError):
            self._misbehaved()

    def _expect(self, size: int) -> None:
        if not 0 <= size <= self._limits.answer_bytes:
            self._misbehaved()
        self._wanted = size

    def _misbehaved(self) -> None:
        self._child.kill("protocol")
        self._failure = TaskFailure("crashed", "The task wrote into the channel between its process and the worker.", "Print instead.")

    def _read_printed(self) -> None:
        piece = _read_some(self._stderr)
        if piece is None:
            return
        if not piece:
            self._selector.unregister(self._stderr)
            self._is_printed_all = True
            return
        self._printed += piece
        self._last_printed = (self._last_printed + piece)[-LAST_PRINTED:]
        found, mark, _ = self._printed.partition(self._mark)
        if mark:
            self._printed, self._is_printed_all = found, True
        *lines, self._printed = self._printed.split(b"\n")
        if len(self._printed) > PIECE_BYTES:
            lines.append(self._printed)
            self._printed = bytearray()
        for line in lines:
            self._reporter.log(line.decode(errors="replace"))

    def _settle_printed(self) -> None:
        """What was printed before the end comes by another pipe, and may come a little later."""
        until = time.monotonic() + 0.5
        while not self._is_printed_all and self._stderr in self._selector.get_map() and time.monotonic() < until:
            if not self._child.is_alive and not self._selector.select(0):
                break
            for key, _ in self._selector.select(0.05):
                if key.fd == self._stderr:
                    key.data()
                else:
                    self._selector.unregister(key.fd)
        if self._printed:
            self._reporter.log(self._printed.decode(errors="replace"))

    def _look(self) -> None:
        now = time.monotonic()
        if self._is_over() or now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        if self._limits.deadline is not None and now > self._limits.deadline:
            self._child.kill("timeout")
        elif self._limits.memory_bytes is not None and bytes_of_group(self._child.pid) > self._limits.memory_bytes:
            self._child.kill("memory")
        elif not self._child.is_alive:
            self._ended()

    def _ended(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        if self._process.returncode is None:
            self._child.kill("protocol")  # it closed the channel and goes on
        self._failure = why_ended(self._process.wait(), self._child.killed_for, self._limits.memory_bytes)


def why_ended(code: int, killed_for: str | None, memory_bytes: int | None) -> TaskFailure:
    match killed_for:
        case "timeout":
            return TaskFailure("timed_out", "The task took longer than its timeout.", "Allow more (timeoutSeconds), or split it.")
        case "stopped" | "closed":
            return TaskFailure("cancelled", "The task was stopped.")
        case "memory":
            most = f"{(memory_bytes or 0) // 2**20} MiB"
            return TaskFailure("out_of_memory", f"The task took more memory than it may ({most}).", MEMORY_HINT)
    if code == -signal.SIGKILL:
        return TaskFailure("out_of_memory", "The system killed the process of the task, most likely for want of memory.", "Use less.")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return TaskFailure("crashed", f"The process of the task crashed ({name}).", "A native library of the task is the likely cause.")
    return TaskFailure("crashed", f"The process of the task ended by itself with code {code}.", "Return from the function instead.")


def _read_some(file: int) -> bytes | None:
    try:
        return os.read(file, PIECE_BYTES)
    except BlockingIOError:
        return None
