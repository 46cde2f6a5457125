"""Tasks of the type ``data_processing``: tables too large for one machine, through Dask's collections, whose parts all workers share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..tasks.encode import to_json
from ..tasks.failure import TaskFailure
from ..tasks.running import Run
from .outputs import encode_part, join_parts, write_folder, write_part
from .sources import open_table
from .steps import apply_steps

LOOK_SECONDS = 0.2


def process(run: Run) -> bytes:
    import dask
    from distributed import worker_client

    wanted = run.input["source"], run.input.get("steps") or [], run.input.get("output") or {}
    with worker_client() as client, dask.config.set({"dataframe.convert-string": False}):
        return _process(run, client, *wanted)


def _process(run: Run, client: Any, source: dict[str, Any], steps: list[dict[str, Any]], output: dict[str, Any]) -> bytes:
    from dask.delayed import delayed

    format, path = output.get("format") or "rows", output.get("path")
    if format == "parquet" and path is None:
        raise TaskFailure("invalid_input", "Parquet is written to a folder.", "Name it as output.path.")
    if format == "rows" and path is not None:
        raise TaskFailure("invalid_input", "Rows are a result, and no files.", "Choose csv, jsonl or parquet, or leave output.path out.")
    run.smallest_memory = _smallest_memory(client)
    table = apply_steps(run, open_table(run, source), steps)
    if path is None:
        parts = [delayed(encode_part)(part, format, run.max_bytes) for part in table.to_delayed()]
        return join_parts(_results(run, client, parts), list(map(str, table.columns)), format, run.max_bytes)

    def write(folder: Path) -> Iterator[dict[str, Any]]:
        parts = [delayed(write_part)(part, str(folder), number, format) for number, part in enumerate(table.to_delayed())]
        yield from _results(run, client, parts)

    return to_json(write_folder(run, path, format, write), run.max_bytes)


def _smallest_memory(client: Any) -> int | None:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return min((int(about["memory_limit"]) // about["nthreads"] for about in workers if about["memory_limit"]), default=None)


def _results(run: Run, client: Any, parts: list[Any]) -> Iterator[Any]:
    """In their order, each let go of when it came. The rest is cancelled when somebody stops, or the first part fails."""
    futures = client.compute(parts, priority=1)  # before tasks that have not begun
    try:
        for number, future in enumerate(list(futures), 1):
            yield _wait_for(run, future)
            future.release()
            run.reporter.progress(number / len(parts), f"{number} of {len(parts)} parts")
    finally:
        client.loop.add_callback(lambda: client.cancel(futures, asynchronous=True))


def _wait_for(run: Run, future: Any) -> Any:
    """Without the worker's loop, which whoever stops the task may keep busy until it has ended."""
    ended = threading.Event()
    future.add_done_callback(lambda _: ended.set())
    while not ended.wait(LOOK_SECONDS):
        run.reporter.tick()
        run.check()
    run.check()
    return future.result()
