"""Runs a little of everything on a live cluster, and says of each step whether it works: ``python -m cluster_ai.self_test [--json]``.

It takes the place of the ``test_dask_client.py`` of earlier versions. The cluster is found as ``Cluster()`` finds it.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from model_registry.errors import ClusterError

from .client import Cluster
from .versions import check_versions

PATIENCE_SECONDS = 60
REFUSAL_SECONDS = 5


class Skipped(Exception):
    """The step cannot be tried here, and why."""


def find_compute(cluster: Cluster) -> str:
    status = cluster.status()
    condition = status["condition"]
    if condition["state"] != "ready":
        raise ClusterError("compute_unavailable", f"{condition['state']}: {condition['message']}", condition["hint"])
    versions = status["versions"]
    return f"Python {versions['python']}, dask {versions['dask']}, distributed {versions['distributed']}"


def count_workers(cluster: Cluster) -> str:
    workers = [worker for worker in cluster.status()["workers"] if worker["condition"]["state"] == "ready"]
    if not workers:
        raise ClusterError("compute_unavailable", "No worker is ready.", "See `cluster-ai compute status`.")
    return ", ".join(f"{worker['name']} ({worker['threads']} threads)" for worker in workers)


def group_a_table(cluster: Cluster) -> str:
    rows = [{"city": "Recife", "sold": 2}, {"city": "Natal", "sold": 3}, {"city": "Recife", "sold": 5}]
    steps = [{"op": "group", "by": ["city"], "aggregate": {"total": {"column": "sold", "function": "sum"}}}, {"op": "sort", "by": "city"}]
    result = cluster.submit_task("data_processing", {"source": {"rows": rows}, "steps": steps}, name="self test").result(PATIENCE_SECONDS)
    found = {row["city"]: row["total"] for row in (result["rows"] if isinstance(result, dict) else result)}
    if found != {"Natal": 3, "Recife": 7}:
        raise ClusterError("internal", f"The sums are wrong: {found}.")
    return "3 rows"


def run_javascript(cluster: Cluster) -> str:
    bundle = cluster.store_bundle("export default (item) => item * item;\n")
    result = cluster.submit_task("javascript", {"bundle": bundle, "items": [1, 2, 3]}, name="self test").result(PATIENCE_SECONDS)
    if result != [1, 4, 9]:
        raise ClusterError("internal", f"The squares are wrong: {result}.")
    return "3 items"


def cancel_a_task(cluster: Cluster) -> str:
    bundle = cluster.store_bundle("export default () => { for (;;); };\n")  # does not let go by itself
    task = cluster.submit_task("javascript", {"bundle": bundle}, name="self test", timeout_seconds=PATIENCE_SECONDS)
    until = time.monotonic() + PATIENCE_SECONDS
    while task.status in ("queued", "submitted") and time.monotonic() < until:
        time.sleep(0.05)
    began = time.monotonic()
    task.cancel()
    state = task.wait(PATIENCE_SECONDS).state
    if state != "cancelled":
        raise ClusterError("internal", f"A task that was cancelled ended as {state}.")
    return f"{time.monotonic() - began:.1f} s"


def be_refused(cluster: Cluster) -> str:
    """Whoever has no certificate must not get as far as a word with the scheduler."""
    address = urlsplit(cluster.status()["address"])
    stranger = ssl.create_default_context()
    stranger.check_hostname = False
    stranger.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.hostname or "", address.port or 0), REFUSAL_SECONDS) as plain,
            stranger.wrap_socket(plain) as connection,
        ):
            if connection.recv(1) == b"":
                return "no certificate, no answer"
    except TimeoutError:
        raise ClusterError("internal", f"The scheduler at {address.netloc} kept a stranger waiting instead of refusing it.") from None
    except ssl.SSLError as error:
        return error.reason or "refused"
    except OSError as error:
        raise Skipped(f"{address.netloc} cannot be reached from here ({error}).") from None
    raise ClusterError("internal", f"The scheduler at {address.netloc} talks to whoever has no certificate.", "Report this.")


def use_dask(cluster: Cluster) -> str:
    try:
        check_versions(cluster.status()["versions"])
    except ClusterError as error:
        raise Skipped(str(error)) from None
    import operator

    with cluster.dask(timeout=PATIENCE_SECONDS) as client:
        squares = client.map(operator.mul, range(10), range(10))
        total = client.submit(sum, squares).result(timeout=PATIENCE_SECONDS)
    if total != 285:
        raise ClusterError("internal", f"The sum of the squares of 0 to 9 is {total}.")
    return "a plain dask.distributed.Client"


STEPS: tuple[tuple[str, Callable[[Cluster], str]], ...] = (
    ("compute", find_compute),
    ("workers", count_workers),
    ("table", group_a_table),
    ("javascript", run_javascript),
    ("cancel", cancel_a_task),
    ("stranger", be_refused),
    ("dask", use_dask),
)


def run_step(cluster: Cluster, name: str, step: Callable[[Cluster], str]) -> dict[str, Any]:
    began = time.monotonic()
    verdict, message, hint = "ok", "", ""
    try:
        message = step(cluster)
    except Skipped as reason:
        verdict, message = "skipped", str(reason)
    except ClusterError as error:
        verdict, message, hint = "failed", error.message, error.hint
    except Exception as error:  # whatever goes wrong is what the test is for
        verdict, message = "failed", f"{type(error).__name__}: {error}"
    return {"step": name, "verdict": verdict, "message": message, "hint": hint, "seconds": round(time.monotonic() - began, 3)}


def main(arguments: list[str]) -> int:
    cluster = Cluster()
    has_failed = False
    for name, step in STEPS:
        done = run_step(cluster, name, step)
        has_failed |= done["verdict"] == "failed"
        told = json.dumps(done) if "--json" in arguments else f"{done['verdict']:8}{name:12}{done['message']} {done['hint']}".rstrip()
        print(told, flush=True)
        if name == "compute" and has_failed:
            break  # nothing else can work
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
