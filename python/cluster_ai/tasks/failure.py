"""Why a task failed, in a shape that travels from a child to its worker, and from there to the bridge."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

Kind = Literal[
    "raised",
    "timed_out",
    "cancelled",
    "crashed",
    "out_of_memory",
    "invalid_input",
    "function_not_found",
    "python_mismatch",
    "result_too_large",
    "not_found",
    "forbidden",
    "unsupported",
    "unavailable",
]
RETRYABLE: frozenset[str] = frozenset({"raised", "crashed", "unavailable"})
"""What may go better another time. An argument of the wrong shape, or too much memory, does not."""

LONGEST_MESSAGE = 4_000
LONGEST_TRACEBACK = 16_000
_OWN = str(Path(__file__).resolve().parent)


class TaskFailure(Exception):
    """What went wrong in words: ``kind`` for programs, ``message`` and ``hint`` for people, ``traceback`` of the author's code alone."""

    def __init__(self, kind: str, message: str, hint: str = "", traceback: str = "", is_retryable: bool | None = None) -> None:
        self.kind = kind
        self.message = cut(message, LONGEST_MESSAGE)
        self.hint = cut(hint, LONGEST_MESSAGE)
        self.traceback = cut(traceback, LONGEST_TRACEBACK)
        self.is_retryable = kind in RETRYABLE if is_retryable is None else is_retryable
        super().__init__(self.message if not hint else f"{self.message} {self.hint}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.kind, self.message, self.hint, self.traceback, self.is_retryable))

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("kind", "message", "hint", "traceback", "is_retryable")}


def to_failure(found: dict[str, Any]) -> TaskFailure:
    """What a child said. It may have been made to say anything, so nothing but text is taken from it."""
    return TaskFailure(
        str(found.get("kind", "raised")),
        str(found.get("message", "The task failed.")),
        str(found.get("hint", "")),
        str(found.get("traceback", "")),
        bool(found["is_retryable"]) if "is_retryable" in found else None,
    )


def cut(text: str, limit: int) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= limit:
        return text
    half = (limit - 30) // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def from_exception(error: BaseException, where: str = "") -> TaskFailure:
    """An exception of an author's code, without the frames that called it."""
    if isinstance(error, TaskFailure):
        return error
    said = str(error)
    message = f"{where}{type(error).__name__}: {said}" if said else f"{where}{type(error).__name__}"
    error.__traceback__ = _without_ours(error.__traceback__)
    linecache.checkcache()
    if isinstance(error, MemoryError):
        return TaskFailure("out_of_memory", message, "Work on smaller parts.", _format(error))
    return TaskFailure("raised", message, "", _format(error))


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OWN):
        frames = frames.tb_next
    return frames


def _format(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=50))
