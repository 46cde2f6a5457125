"""Writes pictures to try the example with: python make_images.py FOLDER [--number 300]"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

SIZE = 8


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--number", type=int, default=300)
    given = arguments.parse_args()

    chance = random.Random(7)
    given.folder.mkdir(parents=True, exist_ok=True)
    for at in range(given.number):
        colour = at % 3
        bright = [200 if each == colour else 40 for each in range(3)]
        pixels = bytes(min(255, value + chance.randint(0, 40)) for _ in range(SIZE * SIZE) for value in bright)
        (given.folder / f"{('red', 'green', 'blue')[colour]}-{at:05}.ppm").write_bytes(b"P6\n8 8\n255\n" + pixels)


if __name__ == "__main__":
    main()
