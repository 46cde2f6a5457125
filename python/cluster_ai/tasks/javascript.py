"""Tasks of the type ``javascript``, on the worker's side: a persistent Node.js process without rights runs modules by digest."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

from .children import Program
from .failure import TaskFailure
from .files import fetched
from .pool import Pool
from .python import call_child
from .running import Run

MEBIBYTE = 1024 * 1024
LONGEST_BUNDLE = 16 * MEBIBYTE
MOST_BUNDLES = 50
"""Of one process: a module cannot be unloaded."""
RUNNER = Path(__file__).with_name("run-javascript.mjs")


def run_javascript(run: Run, pool: Pool) -> bytes:
    digest = run.input["bundle"]
    with pool.borrowed(("javascript", str(run.spec.get("owner") or "")), lambda: program_of(run)) as child:
        bundle: dict[str, Any] = {"digest": digest}
        if digest not in child.known:
            bundle["source"] = read_bundle(run, digest)
        task = {"bundle": bundle, "export": run.input.get("export") or "default", "args": run.input.get("args") or []}
        try:
            result = call_child(run, child, json.dumps({**task, "items": run.input.get("items")}).encode())
            child.known.add(digest)  # one that could not be read is sent again
            return result
        finally:
            if len(child.known) >= MOST_BUNDLES or not run.spec.get("owner"):
                child.kill("closed")


def read_bundle(run: Run, digest: str) -> str:
    with fetched(run.settings, run.spec, digest, run.check) as path:
        if path.stat().st_size > LONGEST_BUNDLE:
            raise TaskFailure("invalid_input", f"The bundle has more than {LONGEST_BUNDLE // MEBIBYTE} MiB.", "Leave libraries out.")
        return path.read_text("utf-8", errors="replace")


def program_of(run: Run) -> Program:
    node = run.settings.node
    if node is None:
        raise TaskFailure("unsupported", "There is no Node.js on this worker.", "Update the node's program: it brings one.")
    limit = run.settings.memory_bytes
    heap = () if limit is None else (f"--max-old-space-size={max(64, limit * 3 // 4 // MEBIBYTE)}",)
    return Program((node, permission_flag(node), f"--allow-fs-read={RUNNER}", *heap, "--no-warnings", str(RUNNER)), is_quiet=True)


@functools.cache
def permission_flag(node: str) -> str:
    """Its name when it was new is all that older versions know."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True, env={}).stdout
    major, minor = (int(part) for part in said.strip().lstrip("v").split(".")[:2])
    return "--permission" if (major, minor) >= (23, 5) or (major == 22 and minor >= 13) else "--experimental-permission"
