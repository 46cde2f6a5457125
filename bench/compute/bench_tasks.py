"""The trivial work of bench/compute/bridge.ts, the same whoever hands it in."""

from __future__ import annotations

import json
from typing import Any


def echo(value: Any) -> bytes:
    return json.dumps(value).encode()


def execute(spec: dict[str, Any]) -> dict[str, Any]:
    return {"json": echo(spec["input"]), "durationMs": 0}
