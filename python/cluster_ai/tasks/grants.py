"""The right of a task to ask the cluster in the name of its owner, for as long as the task runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def with_grant(grant: dict[str, Any] | None) -> Iterator[None]:
    """Where ``ModelRegistry()`` and other clients look by default; taken away when the task ends."""
    if grant is None:
        yield
        return
    os.environ["CLUSTER_AI_URL"] = str(grant["url"])
    os.environ["CLUSTER_AI_API_KEY"] = str(grant["token"])
    try:
        yield
    finally:
        os.environ.pop("CLUSTER_AI_URL", None)
        os.environ.pop("CLUSTER_AI_API_KEY", None)
