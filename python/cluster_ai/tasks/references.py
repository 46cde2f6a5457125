"""Results of other tasks in an input: the control plane put small ones in, and names large ones by their digest."""

from __future__ import annotations

import json
from typing import Any

from .files import fetched
from .running import Run

FILE = "$file"


def resolve(run: Run) -> Any:
    """The input with what ``{"$file": digest}`` stands for, where the task was given that file."""
    known = {file["digest"] for file in run.spec.get("files") or []}

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {FILE} and value[FILE] in known:
                with fetched(run.settings, run.spec, value[FILE], run.check) as path:
                    return json.loads(path.read_bytes())
            return {name: walk(item) for name, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return walk(run.input) if known else run.input
