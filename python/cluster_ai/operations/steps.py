"""What is done with a table, step by step; each gives a table in parts again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from ..tasks.failure import TaskFailure
from ..tasks.running import Run
from .expressions import require_column, truth
from .groups import group, on_parts, with_columns
from .sources import open_table
from .statistics import describe, finish

Table = Any
"""A DataFrame of Dask."""


def apply_steps(run: Run, table: Table, steps: list[dict[str, Any]]) -> Table:
    """Raises TaskFailure ``invalid_input`` that says which step cannot be done."""
    for number, step in enumerate(steps, 1):
        run.check()
        try:
            table = STEPS[step["op"]](run, table, step)
        except TaskFailure as failure:
            text = f"Step {number} ({step['op']}): {failure.message}"
            raise TaskFailure(failure.kind, text, failure.hint, failure.traceback, failure.is_retryable) from None
        except (KeyError, ValueError, TypeError, NotImplementedError) as error:
            raise TaskFailure("invalid_input", f"Step {number} ({step['op']}): {error}.", "See the columns and types before it.") from error
    return table


def _select(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return table[[require_column(table, name) for name in step["columns"]]]


def _map(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return on_parts(table, partial(with_columns, columns=step["columns"]))


def only_where(frame: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    return frame[truth(where, frame)]


def _filter(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return on_parts(table, partial(only_where, where=step["where"]))


def _group(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return group(table, step["by"], step["aggregate"])


def _join(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    other = open_table(run, step["with"])
    on = [require_column(table, name) for name in step["on"]]
    for name in on:
        require_column(other, name)
        if (here := table.dtypes[name]) != (there := other.dtypes[name]):
            raise TaskFailure(
                "invalid_input", f'"{name}" is {here} here and {there} in the other table.', "Use to_text or to_number before."
            )
    return table.merge(other, on=on, how=step.get("how") or "inner", suffixes=("", "_other"))


def _sort(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return table.sort_values(require_column(table, step["by"]), ascending=not step.get("descending"), na_position="last")


def _head(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    return table.head(step["rows"], npartitions=-1, compute=False)


def _statistics(run: Run, table: Table, step: Mapping[str, Any]) -> Table:
    columns = step.get("columns") or list(table.columns)
    chosen = table[[require_column(table, name) for name in columns]]
    described = chosen.map_partitions(describe, meta=describe(chosen._meta))
    return described.repartition(npartitions=1).map_partitions(finish, meta=finish(described._meta))


STEPS: dict[str, Callable[[Run, Table, Mapping[str, Any]], Table]] = {
    "select": _select,
    "map": _map,
    "filter": _filter,
    "group": _group,
    "join": _join,
    "sort": _sort,
    "head": _head,
    "statistics": _statistics,
}
