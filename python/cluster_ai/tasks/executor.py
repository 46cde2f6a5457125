"""Runs one attempt of a task on a worker of Dask."""

from __future__ import annotations

import threading
import time
from typing import Any

from .encode import to_json
from .events import Reporter, sink_of
from .failure import TaskFailure, from_exception
from .pool import Pool, remove_leftovers
from .references import resolve
from .running import Run, Runs
from .settings import read_settings

_runs = Runs()
_pools: dict[str, Pool] = {}
_lock = threading.Lock()


def execute(spec: dict[str, Any]) -> dict[str, Any]:
    """``{"json": bytes, "durationMs": …}``: the result as JSON, encoded here.

    ``spec`` is ``{id, attempt, type, input, timeoutSeconds, inlineBytes, maxBytes, dataFolders, grant, files, functions, owner}``.
    Raises TaskFailure. Tells its start, progress and printed lines as events of the scheduler (topic ``cluster-ai``).
    """
    worker = _find_worker()
    reporter = Reporter(sink_of(worker), spec["id"], int(spec["attempt"]))
    run = Run(spec, read_settings(worker), reporter, worker)
    started_at = time.perf_counter()
    try:
        with _runs.entered(run):
            run.input = resolve(run)
            data = _do(run)
    except TaskFailure:
        raise
    except Exception as error:
        failure = from_exception(error)
        raise failure from None
    finally:
        reporter.flush()
    return {"json": data, "durationMs": (time.perf_counter() - started_at) * 1000}


def stop(task: str, attempt: int) -> bool:
    """Ends an attempt with all that it started; whether it ran here. To be run on its worker (``client.run``)."""
    return _runs.stop(task, attempt)


def _do(run: Run) -> bytes:
    match run.spec["type"]:
        case "python":
            from .python import run_python

            return run_python(run, pool_of(run))
        case "javascript":
            from .javascript import run_javascript

            return run_javascript(run, pool_of(run))
        case "ai_inference":
            from ..operations.inference import infer

            return to_json(infer(run), run.max_bytes)
        case "data_processing":
            from ..operations.data_processing import process

            return process(run)
        case "model":
            from ..operations.predict import predict

            return predict(run, pool_of(run))
        case other:
            raise TaskFailure("unsupported", f'This worker knows no tasks of the type "{other}".', "Update the node.")


def pool_of(run: Run) -> Pool:
    folder = run.settings.children
    with _lock:
        if str(folder) not in _pools:
            remove_leftovers(folder.parent)
            _pools[str(folder)] = Pool(folder, run.settings.threads)
        return _pools[str(folder)]


def _find_worker() -> Any:
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:  # not on a worker: a test, or somebody trying a task at home
        return None
