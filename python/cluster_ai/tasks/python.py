"""Tasks of the type ``python``, on the worker's side: hands them to a child."""

from __future__ import annotations

import json
import sys

from .children import Child, Program
from .conversation import Limits
from .pool import Pool
from .running import Run


def run_python(run: Run, pool: Pool) -> bytes:
    """Registered functions share children: the cluster's owner wrote them. What others wrote has one of its own for each of them."""
    is_registered = bool(run.input.get("function"))
    owner = "" if is_registered else str(run.spec.get("owner") or "")
    task = {"input": run.input, "functions": run.spec.get("functions") or run.settings.functions, "grant": run.spec.get("grant")}
    with pool.borrowed(("python", owner), lambda: python_program("python"), is_kept=is_registered or owner != "") as child:
        return call_child(run, child, json.dumps(task).encode())


def python_program(kind: str) -> Program:
    return Program((sys.executable, "-m", "cluster_ai.tasks.child", kind))


def call_child(run: Run, child: Child, payload: bytes) -> bytes:
    limits = Limits(run.deadline, run.settings.memory_bytes, run.max_bytes)
    with run.stoppable(lambda: child.kill("stopped")):
        return child.call({"type": "call", "maxBytes": run.max_bytes}, payload, limits, run.reporter)
