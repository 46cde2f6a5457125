"""Tries every combination of parameters on the workers, and prints the best: python search.py [--degrees 12] [--penalties 8]"""

from __future__ import annotations

import argparse
import itertools
import json
import sys

from cluster_ai import Cluster


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--degrees", type=int, default=12)
    arguments.add_argument("--penalties", type=int, default=8)
    given = arguments.parse_args()

    choices = [
        {"degree": degree, "penalty": 10.0**exponent}
        for degree, exponent in itertools.product(range(1, given.degrees + 1), range(-given.penalties + 1, 1))
    ]
    errors = Cluster().map(
        "ridge_error",
        choices,
        name="hyper-parameter search",
        progress=lambda at: print(f"{at.done} of {at.total}", file=sys.stderr),
    )
    error, best = min(zip(errors, choices, strict=True), key=lambda pair: pair[0])
    print(json.dumps({"tried": len(choices), "best": best, "error": round(error, 5)}))


if __name__ == "__main__":
    main()
