"""What a running task tells the control plane, through the scheduler: coalesced and bounded, since all tasks share that way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

TOPIC = "cluster-ai"
PAUSE_SECONDS = 0.25
"""At most one event of each kind in such a time."""
LONGEST_LINE = 4_000
LONGEST_EVENT = 7_900
MOST_CHARACTERS_AT_ONCE = 32_000
MOST_CHARACTERS = 256_000
"""Of all lines of one attempt."""

Sink = Callable[[dict[str, Any]], None]


def sink_of(worker: Any) -> Sink:
    """Into the log of events of the scheduler, where the bridge listens. Without a worker, nobody listens."""
    return (lambda event: None) if worker is None else (lambda event: worker.log_event(TOPIC, event))


class Reporter:
    """Events of one attempt of one task. Used by one thread at a time."""

    def __init__(self, sink: Sink, task: str, attempt: int, now: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._who = {"id": task, "attempt": attempt}
        self._now = now
        self._progress: tuple[float, str] | None = None
        self._lines: list[str] = []
        self._held = 0
        self._left_out = 0
        self._sent = 0
        self._progress_at = self._lines_at = float("-inf")

    def progress(self, fraction: float, message: str = "") -> None:
        if fraction == fraction:  # not NaN
            self._progress = (min(1.0, max(0.0, fraction)), message[:500])
        self.tick()

    def log(self, line: str) -> None:
        """One line. Beyond what is taken at once, and in all, lines are counted instead."""
        text = line.rstrip("\r\n")
        text = text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + " …"
        room = min(MOST_CHARACTERS_AT_ONCE - self._held, MOST_CHARACTERS - self._sent - self._held)
        if len(text) + 1 > room:
            self._left_out += 1
        else:
            self._lines.append(text)
            self._held += len(text) + 1
        self.tick()

    def tick(self) -> None:
        """Sends what has waited long enough."""
        now = self._now()
        if self._progress is not None and now - self._progress_at >= PAUSE_SECONDS:
            self._send_progress(now)
        if self._lines and now - self._lines_at >= PAUSE_SECONDS:
            self._send_lines(now)

    def flush(self) -> None:
        """Sends all that waits: the task is about to end."""
        if self._progress is not None:
            self._send_progress(self._now())
        if self._lines or self._left_out:
            self._send_lines(self._now())

    def _send_progress(self, now: float) -> None:
        assert self._progress is not None
        fraction, message = self._progress
        self._sink({**self._who, "type": "progress", "progress": fraction, "message": message})
        self._progress, self._progress_at = None, now

    def _send_lines(self, now: float) -> None:
        lines = self._lines
        if self._left_out and (self._sent < MOST_CHARACTERS or lines):
            lines = [*lines, f"… {self._left_out} lines left out …"]
            self._left_out = 0
        for text in _joined(lines):
            self._sink({**self._who, "type": "log", "text": text, "at": time.time()})
        self._sent += self._held
        self._lines, self._held, self._lines_at = [], 0, now


def _joined(lines: list[str]) -> list[str]:
    """As few events as their length allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= LONGEST_EVENT:
            texts[-1] += "\n" + line
        else:
            texts.append(line)
    return texts
