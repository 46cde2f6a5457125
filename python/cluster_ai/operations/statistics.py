"""Figures of each column, from the figures of each part (Chan, Golub, LeVeque 1979: means and squares of parts can be merged exactly)."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

TYPES = {
    "column": pd.StringDtype("pyarrow"),
    "rows": "Int64",
    "missing": "Int64",
    **dict.fromkeys(("mean", "squares", "min", "max"), "Float64"),
}


def describe(frame: pd.DataFrame) -> pd.DataFrame:
    """Of one part: a row for each column; means and extremes of numbers alone."""
    rows = [_describe(name, frame[name]) for name in frame.columns]
    return pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)


def _describe(name: str, values: pd.Series) -> dict[str, Any]:
    about: dict[str, Any] = {"column": name, "rows": len(values), "missing": int(values.isna().sum())}
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return about
    known = values.dropna().to_numpy(dtype="float64")
    if known.size == 0:
        return about
    mean = float(known.mean())
    return {**about, "mean": mean, "squares": float(((known - mean) ** 2).sum()), "min": float(known.min()), "max": float(known.max())}


def finish(parts: pd.DataFrame) -> pd.DataFrame:
    rows = [_merge(str(name), group) for name, group in parts.groupby("column", sort=False)]
    types = {**{name: type_ for name, type_ in TYPES.items() if name != "squares"}, "std": "Float64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def _merge(name: str, parts: pd.DataFrame) -> dict[str, Any]:
    about: dict[str, Any] = {"column": name, "rows": int(parts["rows"].sum()), "missing": int(parts["missing"].sum())}
    count, mean, squares = 0, 0.0, 0.0
    known = parts[parts["mean"].notna()]
    for rows, missing, part_mean, part_squares in known[["rows", "missing", "mean", "squares"]].itertuples(index=False):
        more = int(rows) - int(missing)
        step = float(part_mean) - mean
        squares += float(part_squares) + step * step * count * more / (count + more)
        mean += step * more / (count + more)
        count += more
    if count == 0:
        return about
    std = math.sqrt(squares / (count - 1)) if count > 1 else None
    return {**about, "mean": mean, "std": std, "min": float(known["min"].min()), "max": float(known["max"].max())}
