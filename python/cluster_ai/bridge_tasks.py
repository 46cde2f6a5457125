"""Tasks that the bridge has handed to Dask, until their end has been told."""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from distributed import performance_report
from distributed.scheduler import KilledWorker, NoValidWorkerError

from . import bridge_work
from .bridge_events import Events
from .bridge_lines import Lines

Attempt = tuple[str, int]

FEW = 20
"""So few tasks under way: whoever waits for them waits for nothing else."""
SOON_S = 0.05
"""Of many, results are fetched so often at most: each fetch goes through the scheduler, whatever it brings."""
PATIENCE_S = 5.0


@dataclass(eq=False)
class Held:
    id: str
    attempt: int
    key: str
    report: Any = None
    report_file: str | None = None
    future: Any = None
    is_ended: bool = False
    is_cancelled: bool = False


class Tasks:
    def __init__(self, client: Any, lines: Lines, configuration: dict[str, Any]) -> None:
        self.client = client
        self.executor: str = configuration["executor"]
        self.spool: str = configuration["spool"]
        self.window: int = configuration["window"]
        self.inline_bytes: int = configuration["inlineBytes"]
        self.events = Events(lines, configuration["maxLineBytes"])
        self.held: dict[Attempt, Held] = {}
        self.by_key: dict[str, Held] = {}
        self.ended: list[Held] = []
        self.is_telling = False
        client.on_key = self._hear_key
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.working: set[asyncio.Future[Any]] = set()

    async def subscribe(self) -> None:
        self.client.subscribe_topic(bridge_work.TOPIC, self._hear)

    def _hear(self, event: Any) -> None:
        _, message = event
        held = self.held.get((message.get("id"), message.get("attempt")))
        if held is not None:
            self.events.tell_news(message)

    async def submit(self, tasks: list[dict[str, Any]]) -> None:
        """Those that want the same go to the scheduler as one graph."""
        if len(self.held) + len(tasks) > self.window:
            raise ValueError(f"More than the {self.window} tasks that were agreed.")
        groups: dict[tuple[int, str], list[tuple[Held, bytes]]] = defaultdict(list)
        for task in tasks:
            held = Held(task["id"], task["attempt"], task["key"], report_file=task.get("report"))
            self.held[held.id, held.attempt] = held
            self.by_key[held.key] = held
            if held.report_file is not None:
                held.report = performance_report(filename=held.report_file)
                await held.report.__aenter__()
            resources = json.dumps(task.get("resources") or {}, sort_keys=True)
            groups[task.get("priority", 0), resources].append((held, bridge_work.to_order(self.executor, task["spec"])))
        for (priority, resources), members in groups.items():
            self._submit_alike(members, priority, json.loads(resources))

    def _submit_alike(self, members: list[tuple[Held, bytes]], priority: int, resources: dict[str, float]) -> None:
        options: dict[str, Any] = {"resources": resources or None, "priority": priority, "retries": 0, "pure": False}
        if len(members) == 1:
            held, order = members[0]
            futures = [self.client.submit(bridge_work.run, order, key=held.key, **options)]
        else:
            orders = [order for _, order in members]
            keys = [held.key for held, _ in members]
            futures = self.client.map(bridge_work.run, orders, key=keys, **options)
        for (held, _), future in zip(members, futures, strict=True):
            held.future = future

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.working.add(task)
        task.add_done_callback(self._check)

    def _check(self, task: asyncio.Future[Any]) -> None:
        self.working.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.failed.done():
            self.failed.set_exception(error)

    def _hear_key(self, key: str) -> None:
        """Dask said something of it. A key may be said more than once, and its future may be waiting again by the time that we look."""
        held = self.by_key.get(key)
        if held is None or held.is_ended:
            return
        held.is_ended = True
        self.ended.append(held)
        if not self.is_telling:
            self.is_telling = True
            self._start(self._tell_ended())

    async def _tell_ended(self) -> None:
        """What ends while results are on their way is fetched with the next message: one at a time, each as large as it can be."""
        try:
            while self.ended:
                await asyncio.sleep(0 if len(self.held) <= FEW else SOON_S)
                ended, self.ended = self.ended, []
                await self._tell_some(ended)
                await self.events.lines.drain()
        finally:
            self.is_telling = False

    async def _tell_some(self, ended: list[Held]) -> None:
        finished = [held for held in ended if held.future is not None and held.future.status == "finished"]
        alone = [held for held in ended if held.future is not None and held.future.status != "finished"]
        if finished:
            try:
                results = await asyncio.wait_for(self.client.gather([held.future for held in finished]), PATIENCE_S)
            except Exception:  # noqa: BLE001  one of them was lost meanwhile: each is fetched for itself, and nobody waits for it
                alone += finished
            else:
                for held, result in zip(finished, results, strict=True):
                    await self._tell_result(held, result)
        for held in alone:
            self._start(self._tell_alone(held))

    async def _tell_alone(self, held: Held) -> None:
        future = held.future
        if future is None:
            return  # cancelled meanwhile
        if future.status in ("finished", "pending"):  # pending: its result went with a worker, and is made again
            try:
                return await self._tell_result(held, await future.result())
            except Exception as error:  # noqa: BLE001
                if future.status != "error":
                    return await self._tell(held, {"type": "lost", "message": str(error)[:500]})
        if future.status != "error":
            return await self._tell(held, {"type": "lost", "message": "The scheduler does not know it any more."})
        await self._tell(held, {"type": "failed", "failure": _to_failure(await future.exception())})

    async def _tell_result(self, held: Held, result: bytes) -> None:
        header, _, body = bytes(result).partition(b"\n")
        said = json.loads(header)
        if "failure" in said:
            return await self._tell(held, {"type": "failed", "failure": said["failure"], "worker": said.get("worker")})
        event = {"type": "done", "durationMs": said["durationMs"], "worker": said["worker"], "sizeBytes": len(body)}
        if len(body) <= self.inline_bytes:
            return await self._tell(held, {**event, "json": body.decode()})
        path = os.path.join(self.spool, f"{held.key}.json")
        await asyncio.to_thread(_write, path, body)
        await self._tell(held, {**event, "file": path})

    async def _tell(self, held: Held, event: dict[str, Any]) -> None:
        if self.held.pop((held.id, held.attempt), None) is None:
            return
        del self.by_key[held.key]
        if held.report is not None:
            try:
                await held.report.__aexit__(None, None, None)
                event["report"] = held.report_file
            except Exception as error:  # noqa: BLE001  the work itself is done
                event["reportError"] = f"{type(error).__name__}: {error}"[:500]
        held.future = None  # the last reference: Dask forgets the task
        if not held.is_cancelled:
            self.events.tell({"id": held.id, "attempt": held.attempt, **event})

    async def cancel(self, tasks: list[dict[str, Any]]) -> None:
        """Takes them from the scheduler, ends what runs on workers, and tells of each whether it has really ended."""
        attempts = [(task["id"], task["attempt"]) for task in tasks]
        known = [self.held[attempt] for attempt in attempts if attempt in self.held]
        for held in known:
            held.is_cancelled = True
        futures = [held.future for held in known if held.future is not None]
        if futures:
            await self.client.cancel(futures, force=True)
        for held in known:
            await self._tell(held, {})
        try:
            still = await self._stop_on_workers(attempts)
        except Exception as error:  # noqa: BLE001  it is asked again
            still, error_text = set(attempts), f"{type(error).__name__}: {error}"[:500]
        else:
            error_text = ""
        for id, attempt in attempts:
            self.events.tell({"id": id, "attempt": attempt, "type": "stopped", "hasEnded": (id, attempt) not in still, "message": error_text})

    async def _stop_on_workers(self, attempts: list[Attempt]) -> set[Attempt]:
        """On all of them: where a task has gone since it last told of itself is known to none."""
        answers = await self.client.run(bridge_work.stop, self.executor, attempts, on_error="ignore")
        return {(id, attempt) for answer in answers.values() for id, attempt in json.loads(answer)}


def _to_failure(error: BaseException | None) -> dict[str, Any]:
    if isinstance(error, KilledWorker):
        return {"kind": "worker_lost", "message": str(error)[:1000], "isRetryable": True}
    if isinstance(error, NoValidWorkerError):
        return {"kind": "no_worker", "message": str(error)[:1000], "isRetryable": True}
    return {"kind": "error", "message": f"{type(error).__name__}: {error}"[:2000], "isRetryable": True}


def _write(path: str, body: bytes) -> None:
    with open(path, "xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
