"""Vectors of many texts with a model of the cluster: python embed.py --model NAME [--number 100000] [--output vectors.f32]

Each task embeds some hundred texts through the cluster's gateway, so that all machines that hold the model take part. The vectors are
written one after the other as 32-bit floats, in the order of the texts: numpy.fromfile(path, "float32").reshape(number, -1)
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from array import array
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cluster_ai import Cluster, Task

SUBJECTS = ("The harbour", "A quiet library", "The night train", "An old bakery", "The river market")
ACTIONS = ("opens at dawn", "is full of stories", "waits for the rain", "smells of bread", "closes late")


def make_texts(number: int) -> Iterator[str]:
    for at in range(number):
        yield f"{SUBJECTS[at % 5]} {ACTIONS[at // 5 % 5]}, and this is sentence {at}."


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--number", type=int, default=100_000)
    arguments.add_argument("--per-task", type=int, default=500)
    arguments.add_argument("--open-tasks", type=int, default=32, help="how many are handed in at a time")
    arguments.add_argument("--output", type=Path, default=Path("vectors.f32"))
    given = arguments.parse_args()

    cluster = Cluster()
    texts = make_texts(given.number)
    chunks = iter(lambda: list(islice(texts, given.per_task)), [])
    began = time.monotonic()

    def hand_in(count: int) -> list[Task]:
        inputs = [{"model": given.model, "kind": "embed", "prompts": prompts} for prompts in islice(chunks, count)]
        return cluster.submit_tasks([{"type": "ai_inference", "name": "embed texts", "input": one} for one in inputs]) if inputs else []

    waiting = deque(hand_in(given.open_tasks))
    done, size = 0, 0
    with given.output.open("wb") as file:
        while waiting:
            vectors = waiting.popleft().result()
            waiting.extend(hand_in(1))
            for vector in vectors:
                array("f", vector).tofile(file)
            done, size = done + len(vectors), len(vectors[0])
            print(f"{done} of {given.number}", file=sys.stderr)
    seconds = time.monotonic() - began
    print(json.dumps({"texts": done, "dimensions": size, "seconds": round(seconds, 1), "textsPerSecond": round(done / seconds, 1)}))


if __name__ == "__main__":
    main()
