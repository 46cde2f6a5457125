"""What is told of tasks: gathered over one turn of the loop, and news of running ones over a tenth of a second."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .bridge_lines import Lines

NEWS_EVERY_S = 0.1
MOST_LOG_LINES = 500
"""Of all tasks between two tellings: who writes more loses the rest, and reads that."""
LONGEST_TEXT = 8000


class Events:
    def __init__(self, lines: Lines, max_line_bytes: int) -> None:
        self.lines = lines
        self.most_bytes = max_line_bytes // 2
        self.waiting: list[str] = []
        self.news: dict[tuple[str, int, str], dict[str, Any]] = {}
        self.logs: list[dict[str, Any]] = []
        self.dropped = 0
        self.news_timer: asyncio.TimerHandle | None = None

    def tell(self, event: dict[str, Any]) -> None:
        """In this turn of the loop, with all others of it; after what was said before it ended."""
        if self.news or self.logs:
            self._tell_news()
        self._add(event)

    def tell_news(self, event: dict[str, Any]) -> None:
        """Only the last progress counts; of lines each, as long as they are not too many."""
        kind = event.get("type")
        common = {"id": event["id"], "attempt": event["attempt"], "type": kind}
        if kind == "log":
            if len(self.logs) < MOST_LOG_LINES:
                self.logs.append({**common, "text": str(event.get("text", ""))[:LONGEST_TEXT], "stream": str(event.get("stream", ""))})
            else:
                self.dropped += 1
        elif kind == "started":
            self.news[event["id"], event["attempt"], kind] = {**common, "worker": str(event.get("worker", ""))}
        elif kind == "progress":
            said = {"progress": float(event.get("progress", 0)), "message": str(event.get("message", ""))[:LONGEST_TEXT]}
            self.news[event["id"], event["attempt"], kind] = {**common, **said}
        if self.news_timer is None:
            self.news_timer = asyncio.get_running_loop().call_later(NEWS_EVERY_S, self._tell_news)

    def _tell_news(self) -> None:
        if self.news_timer is not None:
            self.news_timer.cancel()
            self.news_timer = None
        for event in [*self.news.values(), *self.logs]:
            self._add(event)
        if self.dropped > 0:
            self._add({**{key: self.logs[-1][key] for key in ("id", "attempt", "type")}, "text": f"({self.dropped} lines were left out)"})
        self.news, self.logs, self.dropped = {}, [], 0

    def _add(self, event: dict[str, Any]) -> None:
        self.waiting.append(json.dumps(event, separators=(",", ":")))
        if len(self.waiting) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        batch: list[str] = []
        size = 0
        for text in waiting:
            if batch and size + len(text) > self.most_bytes:
                self._write(batch)
                batch, size = [], 0
            batch.append(text)
            size += len(text)
        if batch:
            self._write(batch)

    def _write(self, batch: list[str]) -> None:
        self.lines.write_text(f'{{"type":"events","events":[{",".join(batch)}]}}')
