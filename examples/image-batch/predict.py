"""Says of each picture of a folder which colour it has, with an ONNX model of the registry: python predict.py FOLDER --model colours

Pictures are PPM files (P6) of 8 x 8 pixels; with Pillow installed, any format and size. They travel as a table with a column for each
number of a picture, and each worker loads the model once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from cluster_ai import Cluster

COLOURS = ("red", "green", "blue")
SIZE = 8
PER_TASK = 500
COLUMNS = [f"p{at}" for at in range(SIZE * SIZE * len(COLOURS))]


def read_pixels(path: Path) -> list[float]:
    data = path.read_bytes()
    header = b"P6\n8 8\n255\n"
    if not data.startswith(header):
        from PIL import Image  # only for other formats

        with Image.open(path) as picture:
            data = header + picture.convert("RGB").resize((SIZE, SIZE)).tobytes()
    return [value / 255 for value in data[len(header) :]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--model", default="colours")
    given = arguments.parse_args()

    paths = sorted(path for path in given.folder.iterdir() if path.is_file())
    rows = [{"file": path.name, **dict(zip(COLUMNS, read_pixels(path), strict=True))} for path in paths]
    cluster = Cluster()
    tasks = cluster.submit_tasks(
        [
            {
                "type": "model",
                "name": "colours of pictures",
                "input": {
                    "model": given.model,
                    "source": {"rows": rows[at : at + PER_TASK]},
                    "inputs": {"pixels": COLUMNS},
                    "batchSize": 256,
                },
            }
            for at in range(0, len(rows), PER_TASK)
        ]
    )
    found = {
        row["file"]: COLOURS[max(range(len(COLOURS)), key=lambda at: row["scores"][at])] for part in cluster.gather(tasks) for row in part
    }
    for name, colour in list(found.items())[:10]:
        print(f"{name}: {colour}", file=sys.stderr)
    print(json.dumps({"pictures": len(found), **Counter(found.values())}))


if __name__ == "__main__":
    main()
