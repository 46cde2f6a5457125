"""More data than memory: ``python -m tests.long_group_by [MEBIBYTES] [LIMIT] [WAY…]``, in this folder. Prints figures as JSON.

Groups a table of several times the limit of a worker, once by merging and once by shuffling, and says how often a worker was ended.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import dask.config
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from cluster_ai.operations.memory import buffers
from cluster_ai.tasks import execute

from .support import spec_of

ROW_BYTES = 8 + 8 + 8 + 32
GROUPS = 500_000


def write_table(folder: Path, mebibytes: int) -> int:
    random = np.random.default_rng(7)
    rows = 64 * 2**20 // ROW_BYTES
    for number in range(mebibytes // 64):
        key = random.integers(0, GROUPS, rows)
        text = pd.Series(key).astype(str).str.pad(32, fillchar="k")
        frame = pd.DataFrame({"key": key, "value": random.integers(0, 1000, rows), "weight": random.random(rows), "text": text})
        frame.to_parquet(folder / f"{number:03}.parquet", index=False, row_group_size=rows // 8)
    return rows * (mebibytes // 64)


WAYS = {"merged": "sum", "shuffled": "nunique"}


def main(mebibytes: int = 1600, limit: int = 400, ways: list[str] | None = None) -> None:
    found: dict[str, object] = {"dataMiB": mebibytes, "limitMiB": limit}
    dask.config.set(buffers(limit * 2**20))
    with tempfile.TemporaryDirectory() as place:
        rows = write_table(Path(place), mebibytes)
        with (
            LocalCluster(n_workers=1, threads_per_worker=1, memory_limit=f"{limit}MiB", dashboard_address="127.0.0.1:0") as cluster,
            Client(cluster) as client,
        ):
            before = client.run(os.getpid)
            for name in ways or WAYS:
                aggregate = {
                    "rows": {"function": "count"},
                    "x": {"column": "value", "function": WAYS[name]},
                    "y": {"column": "weight", "function": "mean"},
                }
                step = {"op": "group", "by": ["text"], "aggregate": aggregate}
                total = {
                    "op": "group",
                    "by": ["one"],
                    "aggregate": {"rows": {"column": "rows", "function": "sum"}, "groups": {"function": "count"}},
                }
                steps = [step, {"op": "map", "columns": {"one": {"value": 1}}}, total]
                started = time.monotonic()
                spec = spec_of("data_processing", {"source": {"path": f"{place}/*.parquet"}, "steps": steps}, dataFolders=[place])
                result = json.loads(client.submit(execute, spec, pure=False).result()["json"])
                is_right = result == [{"one": 1, "rows": rows, "groups": GROUPS}]
                found[name] = {"seconds": round(time.monotonic() - started, 1), "isRight": is_right}
                print(json.dumps(found), flush=True)
            found["isSameWorker"] = client.run(os.getpid) == before
    print(json.dumps(found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), ways=sys.argv[3:])
