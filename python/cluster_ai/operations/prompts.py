"""Prompts as requests, and answers as results: pure, so that whatever asks many questions can use it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..tasks.failure import TaskFailure
from .gateway import Answer, Request

TEXTS_AT_ONCE = 32
"""Of one request for embeddings."""
BESIDE_OPTIONS = frozenset({"system", "format", "raw", "keep_alive", "think", "truncate", "dimensions"})
"""Fields of the Ollama API that stand beside its options."""
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")


def fill(template: str, row: Mapping[str, Any]) -> str:
    """``{column}`` becomes what the row has there; ``{{`` and ``}}`` are braces. Raises TaskFailure for an unknown column."""

    def replace(found: re.Match[str]) -> str:
        name = found.group(1)
        if name is None:
            return found.group(0)[0]
        if name not in row:
            known = ", ".join(map(str, row))
            raise TaskFailure("invalid_input", f'The template names the column "{name}", and the table has {known}.')
        return "" if row[name] is None else str(row[name])

    return _FIELD.sub(replace, template)


def to_requests(kind: str, model: str, prompts: Sequence[str], options: Mapping[str, Any]) -> list[Request]:
    """In the order of the prompts; each answers as many of them as `from_answer` gives results."""
    beside = {name: value for name, value in options.items() if name in BESIDE_OPTIONS}
    inside = {name: value for name, value in options.items() if name not in BESIDE_OPTIONS}
    common = {"model": model, **beside, "options": inside, "stream": False}
    if kind == "embed":
        parts = [prompts[start : start + TEXTS_AT_ONCE] for start in range(0, len(prompts), TEXTS_AT_ONCE)]
        return [Request("/api/embed", {**common, "input": list(part)}) for part in parts]
    if kind == "generate":
        return [Request("/api/generate", {**common, "prompt": prompt}) for prompt in prompts]
    system = common.pop("system", None)
    before = [] if system is None else [{"role": "system", "content": system}]
    return [Request("/api/chat", {**common, "messages": [*before, {"role": "user", "content": prompt}]}) for prompt in prompts]


def from_answer(kind: str, answer: Answer) -> list[Any]:
    """Texts, or vectors. Raises TaskFailure for an answer of another shape."""
    try:
        if kind == "embed":
            return list(answer["embeddings"])
        return [answer["response"] if kind == "generate" else answer["message"]["content"]]
    except (KeyError, TypeError) as error:
        raise TaskFailure("unavailable", f"The cluster answered without {error}.") from None
