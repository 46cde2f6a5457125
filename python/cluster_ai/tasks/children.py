"""Persistent processes that run what authors wrote, so that a task which crashes, hangs or grows costs a child and no worker.

A request and an answer are a line of JSON, followed by as many bytes as the line says. Whatever a child prints goes another way
and becomes lines of the task's log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .conversation import Conversation, Limits
from .events import Reporter

_ALLOWED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "CUDA_VISIBLE_DEVICES", "SSL_CERT_FILE")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_spawner = ThreadPoolExecutor(1, thread_name_prefix="cluster-ai-children")
"""The kernel kills a child with the thread that started it, and Dask's threads come and go."""


@dataclass(frozen=True)
class Program:
    command: tuple[str, ...]
    is_quiet: bool = False
    """Dials nobody."""


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ALLOWED if name in os.environ}
    threads = {name: os.environ.get(name, "1") for name in _THREADS}
    home = str(folder)
    own = {"HOME": home, "TMPDIR": home, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return {**kept, **threads, **own}


class Child:
    """One process. ``call`` is for one thread at a time; ``kill`` may come from any."""

    def __init__(self, program: Program, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.killed_for: str | None = None
        self.known: set[str] = set()
        """What it was handed before and still has, by digest."""
        self._process = _spawner.submit(self._start, program).result()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        options = json.dumps({"parent": os.getpid(), "isQuiet": program.is_quiet})
        launch = str(Path(__file__).with_name("launch.py"))
        return subprocess.Popen(
            [sys.executable, "-I", "-S", launch, options, *program.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=self.folder,
            env=environment(self.folder),
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self, reason: str) -> None:
        """Ends the process and all that it started. The first reason counts."""
        self.killed_for = self.killed_for or reason
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill("closed")
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def call(self, request: dict[str, Any], payload: bytes, limits: Limits, reporter: Reporter) -> bytes:
        """The answer's bytes. Raises TaskFailure with what the child said, or why it ended; it is dead then, or still usable."""
        with Conversation(self, self._process, request, payload, limits, reporter) as conversation:
            return conversation.run()
