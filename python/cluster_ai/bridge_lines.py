"""Lines of JSON on standard input and output, neither of them longer than agreed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

USUAL_LINE_BYTES = 64 * 1024**2


class LineTooLong(Exception):
    """A line that no sender of ours writes: the protocol is broken, and the process ends."""


class Lines:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.max_bytes = USUAL_LINE_BYTES

    def limit(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes

    async def read(self) -> dict[str, Any] | None:
        """The next message; `None` when there are no more."""
        try:
            line = await self.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError as error:
            raise LineTooLong(str(error)) from error
        if len(line) > self.max_bytes:
            raise LineTooLong(f"A line of {len(line)} bytes; {self.max_bytes} are allowed.")
        return dict(json.loads(line))

    def write(self, message: dict[str, Any]) -> None:
        self.write_text(json.dumps(message, separators=(",", ":")))

    def write_text(self, text: str) -> None:
        self.writer.write(text.encode() + b"\n")

    async def drain(self) -> None:
        """Waits while whoever reads is slow."""
        await self.writer.drain()


async def open_lines() -> Lines:
    """Takes both for the protocol: whatever else prints goes to standard error."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=USUAL_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    own = os.dup(1)
    os.dup2(2, 1)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(own, "wb"))
    return Lines(reader, asyncio.StreamWriter(transport, protocol, None, loop))
