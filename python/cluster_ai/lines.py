"""How our Python processes and the program that starts them talk: a line of JSON each, never anything else on standard output."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, BinaryIO

LONGEST_LINE = 1024 * 1024


def take_standard_output() -> BinaryIO:
    """Standard output for ourselves. What anybody prints from now on, here or in children, goes to standard error."""
    ours = os.dup(1)  # not handed on to children
    os.dup2(2, 1)
    return open(ours, "wb", buffering=0)


def read_first_line() -> dict[str, Any] | None:
    """The first line of standard input, and not a byte of what follows it. ``None`` when there is none."""
    with open(0, "rb", buffering=0, closefd=False) as stream:
        line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        return None
    found = json.loads(line)
    return found if isinstance(found, dict) else None


class Teller:
    """Says things to whoever started this process."""

    sandbox: str | None = None

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def __call__(self, **message: Any) -> None:
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._turn:
            try:
                self._stream.write(line)
            except OSError as error:  # nobody listens any more: standard input says so too
                print(f"Nobody heard {message.get('type')}: {error}", file=sys.stderr)
