"""Grouping tables that are larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from ..tasks.failure import TaskFailure
from .expressions import evaluate, require_column, to_series

Table = Any
"""A DataFrame of Dask."""
OWN = "__cluster_ai_"
ROW, ORDER = f"{OWN}row", f"{OWN}order"
IN_ORDER = frozenset({"first", "last"})
Aggregates = dict[str, tuple[str, str]]
"""For each new column, the one that it comes from and the function."""


def group(table: Table, by: list[str], aggregate: Mapping[str, Mapping[str, str]]) -> Table:
    """A row for each group, in no order; missing values are a group as well. Raises TaskFailure ``invalid_input``."""
    by = [require_column(table, name) for name in by]
    wanted = {name: _source_of(table, name, each) for name, each in aggregate.items()}
    if not wanted:
        raise TaskFailure("invalid_input", "A group needs at least one aggregate.", 'Such as {"rows": {"function": "count"}}.')
    if clash := set(by) & set(wanted):
        text = f"{', '.join(sorted(clash))}: a column of a group and an aggregate have one name."
        raise TaskFailure("invalid_input", text, "Give the aggregate another one.")
    return _group(table, by, wanted)


def _source_of(table: Table, name: str, aggregate: Mapping[str, str]) -> tuple[str, str]:
    column, function = aggregate.get("column"), aggregate["function"]
    if column is not None:
        return require_column(table, column), function
    if function != "count":
        raise TaskFailure("invalid_input", f'"{function}" as "{name}" needs a column.')
    return ROW, "sum"


def _group(table: Table, by: list[str], wanted: Aggregates) -> Table:
    """Columns that are grouped by cannot be aggregated as well, but their copies can."""
    copies = {f"{OWN}{column}": {"column": column} for column, _ in wanted.values() if column in by}
    constant = {ROW: {"value": 1}}
    wanted = {name: (f"{OWN}{column}" if column in by else column, function) for name, (column, function) in wanted.items()}
    table = on_parts(table, partial(with_columns, columns={**copies, **constant}))
    table = table[[*dict.fromkeys([*by, *(column for column, _ in wanted.values())])]]
    functions = {function for _, function in wanted.values()}
    return _shuffled(table, by, wanted) if "nunique" in functions else _reduced(table, by, wanted, not functions & IN_ORDER)


def _reduced(table: Table, by: list[str], wanted: Aggregates, is_split: bool) -> Table:
    """Each part is grouped by itself, then groups of parts are merged: little travels where there are few groups.

    Nearly every row may be a group of its own, so that there are as many parts after it as before.
    """
    functions: dict[str, list[str]] = {}
    for column, function in dict.fromkeys(wanted.values()):
        functions.setdefault(column, []).append(function)
    grouped = table.groupby(by, dropna=False, sort=False).agg(functions, split_out=table.npartitions if is_split else 1).reset_index()
    return on_parts(grouped, partial(name_groups, by=by, wanted=wanted))


def name_groups(frame: pd.DataFrame, by: list[str], wanted: Aggregates) -> pd.DataFrame:
    columns = {name: frame[(name, "")] for name in by}
    return pd.DataFrame({**columns, **{name: frame[place] for name, place in wanted.items()}}, index=frame.index)


def _shuffled(table: Table, by: list[str], wanted: Aggregates) -> Table:
    """All rows of a group come together first, by way of the disk: distinct values cannot be merged otherwise."""
    ordered = table.map_partitions(add_order, meta=add_order(table._meta))
    return on_parts(ordered.shuffle(on=by), partial(group_part, by=by, wanted=wanted))


def add_order(frame: pd.DataFrame, partition_info: Mapping[str, int] | None = None) -> pd.DataFrame:
    first = (0 if partition_info is None else partition_info["number"]) << 32
    return frame.assign(**{ORDER: pd.Series(range(first, first + len(frame)), index=frame.index, dtype="Int64")})


def group_part(frame: pd.DataFrame, by: list[str], wanted: Aggregates) -> pd.DataFrame:
    grouped = frame.sort_values(ORDER).groupby(by, dropna=False, sort=False)
    return grouped.agg(**{name: pd.NamedAgg(column, function) for name, (column, function) in wanted.items()}).reset_index()


def with_columns(frame: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    return frame.assign(**{name: to_series(evaluate(expression, frame), frame) for name, expression in columns.items()})


def on_parts(table: Table, function: Callable[[pd.DataFrame], pd.DataFrame]) -> Table:
    """What is wrong with a column or a type is found here, on an empty table, before anything is read."""
    return table.map_partitions(function, meta=function(table._meta))
