"""Where rows come from."""
from typing import Any
from ..tasks.running import Run
def read_rows(run: Run, source: dict[str, Any]) -> list[dict[str, Any]]:
    return source["rows"]
