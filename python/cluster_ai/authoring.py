"""For authors of tasks: marking a function so that tasks may call it, and saying how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])
MARK = "__cluster_ai_task__"


@dataclass(frozen=True)
class Marked:
    name: str
    description: str


@overload
def task(function: F, /) -> F: ...
@overload
def task(*, name: str | None = None, description: str | None = None) -> Callable[[F], F]: ...
def task(function: Any = None, /, *, name: str | None = None, description: str | None = None) -> Any:
    """Lets tasks call the function by name. Name and description are its own, and its doc string's first line, where left out.

    What it takes is read from its type hints, and arguments of another shape are refused before it is called.
    """

    def mark(marked: F) -> F:
        lines = (marked.__doc__ or "").strip().splitlines()
        setattr(marked, MARK, Marked(name or marked.__name__, description if description is not None else (lines[0] if lines else "")))
        return marked

    return mark if function is None else mark(function)


Sink = Callable[[float, str], None]
_sink: Sink | None = None


def progress(fraction: float, message: str = "") -> None:
    """How far the running task has come, from 0 to 1, and what it does now. Outside of a task it does nothing."""
    if _sink is not None:
        _sink(min(1.0, max(0.0, float(fraction))), str(message))


def send_progress_to(sink: Sink | None) -> None:
    """For what runs tasks: where `progress` goes from now on."""
    global _sink
    _sink = sink
