"""The way from our control plane to Dask: one process beside the scheduler that speaks JSON, a line a message.

The first line that it gets is its configuration. It answers with `hello`, and ends when its standard input does. It is made to be thrown away:
what it held is submitted again by whoever started it, so that a lost scheduler ends it as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

from . import bridge_view, bridge_work
from .bridge_client import connect, versions
from .bridge_lines import Lines, open_lines
from .bridge_tasks import Tasks

PROTOCOL = 1
LOST_SCHEDULER = 3
"""The exit code by which the control plane knows that it was the scheduler that went."""

LOOK_EVERY_S = 0.25


class Bridge:
    """Verbs that want an answer carry a number, `call`; what becomes of tasks is told as events."""

    def __init__(self, lines: Lines, client: Any, configuration: dict[str, Any]) -> None:
        self.lines = lines
        self.client = client
        self.executor: str = configuration["executor"]
        self.listing: str = configuration["functions"]
        self.tasks = Tasks(client, lines, configuration)
        self.background: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until standard input ends, or `stop` is said."""
        while (message := await self.lines.read()) is not None:
            match message["type"]:
                case "stop":
                    return
                case "submit":
                    await self.tasks.submit(message["tasks"])
                case "cancel":
                    self.start(self.tasks.cancel(message["tasks"]))
                case _:
                    self.start(self.answer(message))

    def start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def answer(self, message: dict[str, Any]) -> None:
        call = message.get("call")
        try:
            value = await getattr(self, f"do_{message['type']}")(message)
            self.lines.write({"type": "answer", "call": call, "value": value})
        except Exception as error:  # noqa: BLE001  whoever asked is told
            self.lines.write({"type": "answer", "call": call, "error": f"{type(error).__name__}: {error}"[:2000]})

    async def do_ping(self, _: dict[str, Any]) -> bool:
        """Whether the scheduler still answers, not only this process."""
        await self.client.run_on_scheduler(bytes)
        return True

    async def do_info(self, _: dict[str, Any]) -> Any:
        return json.loads(await self.client.run_on_scheduler(bridge_view.describe))

    async def do_retire(self, message: dict[str, Any]) -> Any:
        """Workers by name: they hand over what they hold, then end."""
        retired = await self.client.scheduler.retire_workers(names=message["names"], close_workers=True, remove=True)
        return [str(each.get("name", "")) for each in retired.values()]

    async def do_functions(self, message: dict[str, Any]) -> Any:
        future = self.client.submit(bridge_work.functions, self.listing, json.dumps(message["files"]).encode(), pure=False)
        return json.loads(await asyncio.wait_for(future.result(), 20))

    async def watch_scheduler(self) -> None:
        """Ends when the scheduler is gone: Dask would connect again, without any of our tasks."""
        while self.client.status == "running":
            await asyncio.sleep(LOOK_EVERY_S)


async def run() -> int:
    lines = await open_lines()
    configuration = await lines.read()
    if configuration is None:
        return 0
    lines.limit(configuration["maxLineBytes"])
    if configuration["version"] != PROTOCOL:
        lines.write({"type": "fatal", "message": f"This bridge speaks version {PROTOCOL}, not {configuration['version']}."})
        await lines.drain()
        return 2
    async with connect(configuration) as client:
        bridge = Bridge(lines, client, configuration)
        await bridge.tasks.subscribe()
        lines.write({"type": "hello", "version": PROTOCOL, "versions": versions(), "window": configuration["window"]})
        serving = asyncio.ensure_future(bridge.serve())
        lost = asyncio.ensure_future(bridge.watch_scheduler())
        await asyncio.wait({serving, lost, bridge.tasks.failed}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
            return 0
        await lines.drain()
        os._exit(LOST_SCHEDULER)  # closing a client in an orderly way would wait for the scheduler


def main() -> None:
    code = 1
    with contextlib.suppress(KeyboardInterrupt):
        code = asyncio.run(run())
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
