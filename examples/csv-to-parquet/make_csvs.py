"""Writes CSV files to try the example with: python make_csvs.py FOLDER [--files 20] [--rows 10000]"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

CITIES = ("Recife", "Natal", "Belém", "São Luís", "Salvador")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--files", type=int, default=20)
    arguments.add_argument("--rows", type=int, default=10_000)
    given = arguments.parse_args()

    chance = random.Random(7)
    given.folder.mkdir(parents=True, exist_ok=True)
    for number in range(given.files):
        with (given.folder / f"sales-{number:04}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["date", "city", "price", "quantity"])
            for _ in range(given.rows):
                day = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
                writer.writerow([day, chance.choice(CITIES), round(chance.uniform(1, 100), 2), chance.randint(0, 9)])


if __name__ == "__main__":
    main()
