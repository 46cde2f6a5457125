"""The peer of bench/compute/bridge.ts: a plain client of Dask that does what it is told, line by line, and says how long each took."""

from __future__ import annotations

import json
import sys
import time
import uuid

from bench_tasks import echo
from distributed import Client, wait

client = Client(sys.argv[1])


def round_trips(count: int) -> list[float]:
    took = []
    for index in range(count):
        started = time.perf_counter()
        client.submit(echo, index, key=f"echo-{uuid.uuid4()}", pure=False).result()
        took.append((time.perf_counter() - started) * 1000)
    return took


def run_map(count: int) -> None:
    client.gather(client.map(echo, range(count), key=[f"echo-{uuid.uuid4()}" for _ in range(count)], pure=False))


def one_by_one(count: int) -> None:
    futures = [client.submit(echo, index, key=f"echo-{uuid.uuid4()}", pure=False) for index in range(count)]
    wait(futures)
    client.gather(futures)


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    wanted = json.loads(line)
    cpu, started = time.process_time(), time.perf_counter()
    took = round_trips(wanted["count"]) if wanted["what"] == "round trips" else None
    if wanted["what"] == "map":
        run_map(wanted["count"])
    if wanted["what"] == "one by one":
        one_by_one(wanted["count"])
    said = {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu, "took": took}
    print(json.dumps(said), flush=True)
