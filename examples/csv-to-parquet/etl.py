"""A folder of CSV files to Parquet, cleaned and with new columns, by all workers: python etl.py FOLDER OUTPUT

Both folders must be below one of `compute.dataFolders` in `cluster.yaml`, at the same path on every node.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cluster_ai import Cluster, TaskInfo


def column(name: str) -> dict[str, Any]:
    return {"column": name}


STEPS = [
    {"op": "filter", "where": {"op": "gt", "args": [column("quantity"), {"value": 0}]}},
    {
        "op": "map",
        "columns": {
            "total": {"op": "multiply", "args": [column("price"), column("quantity")]},
            "city": {"op": "upper", "args": [column("city")]},
        },
    },
]
"""A calculation as data: nothing of it is evaluated as code."""


def show(info: TaskInfo) -> None:
    print(f"{info.progress:4.0%} {info.message}", file=sys.stderr)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("output", type=Path)
    given = arguments.parse_args()

    cluster = Cluster()
    source = {"path": str(given.folder.absolute() / "*.csv")}
    output = {"format": "parquet", "path": str(given.output.absolute())}
    written = cluster.submit_task("data_processing", {"source": source, "steps": STEPS, "output": output}, name="CSV to Parquet")
    written.wait(progress=show)
    by_city = [
        {"op": "group", "by": ["city"], "aggregate": {"total": {"column": "total", "function": "sum"}, "rows": {"function": "count"}}},
        {"op": "sort", "by": "total", "descending": True},
    ]
    result = written.result()
    parquet = {"path": f"{output['path']}/*.parquet"}
    summary = cluster.submit_task("data_processing", {"source": parquet, "steps": by_city}, name="sales by city").result()
    print(json.dumps({"rows": result["rows"], "files": len(result["files"]), "cities": summary}, ensure_ascii=False))


if __name__ == "__main__":
    main()
