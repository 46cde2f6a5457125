from __future__ import annotations

import json
from typing import Any


class ClusterError(Exception):
    """What went wrong, with the cluster's code for it (``model_not_found``, ``task_failed``, ``forbidden``, …) and the next step."""

    def __init__(self, code: str, message: str, hint: str = "", status: int | None = None) -> None:
        super().__init__(message if not hint else f"{message} {hint}")
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.code, self.message, self.hint, self.status))


RegistryError = ClusterError
"""Its name in this package; ``cluster_ai`` raises the same."""


def to_error(status: int, body: bytes) -> ClusterError:
    """Problem details (RFC 9457) as an exception; anything else as what its status says."""
    try:
        problem = json.loads(body)
        return ClusterError(str(problem["code"]), str(problem["detail"]), str(problem.get("hint", "")), status)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ClusterError("internal", f"The cluster answered with status {status}.", "See `cluster-ai logs`.", status)
