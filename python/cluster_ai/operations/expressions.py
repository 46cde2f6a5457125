"""Calculations that a task brings as data: a column, a value, or one of the operators below over others. Nothing is evaluated as code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..tasks.failure import TaskFailure

DEEPEST = 50
Expression = Mapping[str, Any]
Values = Any
"""A column (Series), or one value for all rows."""


def evaluate(expression: Expression, frame: pd.DataFrame, depth: int = 0) -> Values:
    """Raises TaskFailure ``invalid_input`` in words."""
    if depth > DEEPEST:
        raise TaskFailure("invalid_input", f"An expression is nested more than {DEEPEST} deep.", "Use several steps.")
    if "column" in expression:
        return frame[require_column(frame, expression["column"])]
    if "value" in expression:
        value = expression["value"]
        return pd.NA if value is None else value
    name = str(expression.get("op"))
    if name not in OPERATORS:
        raise TaskFailure("invalid_input", f'There is no operator "{name}".', f"There are: {', '.join(OPERATORS)}.")
    least, most, function = OPERATORS[name]
    given = expression.get("args") or []
    if not least <= len(given) <= most:
        counts = str(least) if least == most else f"{least} to {most}"
        raise TaskFailure("invalid_input", f'"{name}" takes {counts} arguments, and was given {len(given)}.')
    args = [evaluate(argument, frame, depth + 1) for argument in given]
    try:
        return function(to_series(args[0], frame), *args[1:])
    except (TypeError, ValueError, AttributeError) as error:
        kinds = ", ".join(str(getattr(argument, "dtype", type(argument).__name__)) for argument in args)
        raise TaskFailure("invalid_input", f'"{name}" cannot be done with {kinds}: {error}.', "Use to_number or to_text before.") from None


def truth(expression: Expression, frame: pd.DataFrame) -> pd.Series:
    """Which rows fulfil it; what is unknown does not."""
    found = to_series(evaluate(expression, frame), frame)
    if not pd.api.types.is_bool_dtype(found.dtype):
        raise TaskFailure("invalid_input", f"A filter must be true or false for each row, and is {found.dtype}.")
    return found.fillna(False).astype(bool)


def to_series(value: Values, frame: pd.DataFrame) -> pd.Series:
    if isinstance(value, pd.Series):
        return value
    kind = pd.array([value]).dtype if value is not pd.NA else pd.StringDtype("pyarrow")
    return pd.Series(value, index=frame.index, dtype=pd.StringDtype("pyarrow") if isinstance(value, str) else kind)


def require_column(frame: Any, name: str) -> str:
    if name not in frame.columns:
        raise TaskFailure("invalid_input", f'The table has no column "{name}".', f"It has: {', '.join(map(str, frame.columns))}.")
    return name


def _text(values: pd.Series) -> pd.Series:
    if values.dtype == pd.Int64Dtype() or not pd.api.types.is_object_dtype(values.dtype):
        return values.astype(pd.StringDtype("pyarrow"))
    return values.map(str, na_action="ignore").astype(pd.StringDtype("pyarrow"))


def _number(values: Values) -> Values:
    return values.astype("Float64") if isinstance(values, pd.Series) else values


def _to_number(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    found = pd.to_numeric(values.astype(object).where(values.notna(), None), errors="coerce")
    return pd.Series(found, index=values.index).astype("Float64")


def _finite(values: pd.Series) -> pd.Series:
    """Without what is no number: division by zero and roots of negative ones are missing values."""
    plain = values.astype("Float64")
    return plain.where(np.isfinite(plain.to_numpy(dtype="float64", na_value=np.nan)), pd.NA)


def _divide(a: pd.Series, b: Values) -> pd.Series:
    return _finite(_number(a) / _number(b))


def _modulo(a: pd.Series, b: Values) -> pd.Series:
    if isinstance(b, pd.Series):
        return a % b.where(b != 0, pd.NA)
    return a % b if b is not pd.NA and b != 0 else pd.Series(pd.NA, index=a.index, dtype=a.dtype)


def _ufunc(function: Callable[[Any], Any]) -> Callable[[pd.Series], pd.Series]:
    def apply(values: pd.Series) -> pd.Series:
        with np.errstate(all="ignore"):
            found = function(_number(values).to_numpy(dtype="float64", na_value=np.nan))
        return _finite(pd.Series(found, index=values.index, dtype="Float64"))

    return apply


def _search(method: str, **options: Any) -> Callable[[pd.Series, Values], pd.Series]:
    def apply(values: pd.Series, wanted: Values) -> pd.Series:
        if not isinstance(wanted, str):
            raise TypeError("what is looked for must be a text")
        found: pd.Series = getattr(_text(values).str, method)(wanted, **options)
        return found.astype("boolean")

    return apply


def _concat(first: pd.Series, *others: Values) -> pd.Series:
    result = _text(first)
    for other in others:
        result = result + (_text(other) if isinstance(other, pd.Series) else str(other))
    return result


def _date_part(name: str) -> Callable[[pd.Series], pd.Series]:
    def apply(values: pd.Series) -> pd.Series:
        dates = values
        if not pd.api.types.is_datetime64_any_dtype(values.dtype):
            dates = pd.to_datetime(values.astype(object).where(values.notna(), None), errors="coerce", format="ISO8601", utc=True)
        found: pd.Series = getattr(dates.dt, name)
        return found.astype("Int64")

    return apply


def _choose(condition: pd.Series, yes: Values, no: Values) -> pd.Series:
    which = condition.fillna(False).astype(bool)
    if not isinstance(no, pd.Series) and not isinstance(yes, pd.Series):
        known = [value for value in (yes, no) if value is not pd.NA]
        kind = pd.array(known or [""]).dtype
        yes, no = (pd.Series(value, index=which.index, dtype=kind) for value in (yes, no))
    if isinstance(no, pd.Series):
        return no.mask(which, yes)
    return yes.where(which, no)


def _logical(values: Values) -> Values:
    return values.astype("boolean") if isinstance(values, pd.Series) else values


OPERATORS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "add": (2, 2, lambda a, b: a + b),
    "subtract": (2, 2, lambda a, b: a - b),
    "multiply": (2, 2, lambda a, b: a * b),
    "divide": (2, 2, _divide),
    "modulo": (2, 2, _modulo),
    "power": (2, 2, lambda a, b: _finite(_number(a) ** _number(b))),
    "negate": (1, 1, lambda a: -a),
    "eq": (2, 2, lambda a, b: a == b),
    "ne": (2, 2, lambda a, b: a != b),
    "lt": (2, 2, lambda a, b: a < b),
    "le": (2, 2, lambda a, b: a <= b),
    "gt": (2, 2, lambda a, b: a > b),
    "ge": (2, 2, lambda a, b: a >= b),
    "and": (2, 2, lambda a, b: _logical(a) & _logical(b)),
    "or": (2, 2, lambda a, b: _logical(a) | _logical(b)),
    "not": (1, 1, lambda a: ~_logical(a)),
    "is_null": (1, 1, lambda a: a.isna().astype("boolean")),
    "lower": (1, 1, lambda a: _text(a).str.lower()),
    "upper": (1, 1, lambda a: _text(a).str.upper()),
    "length": (1, 1, lambda a: _text(a).str.len().astype("Int64")),
    "contains": (2, 2, _search("contains", regex=False)),
    "starts_with": (2, 2, _search("startswith")),
    "ends_with": (2, 2, _search("endswith")),
    "concat": (1, 20, _concat),
    "round": (1, 2, lambda a, digits=0: a.round(int(digits))),
    "abs": (1, 1, lambda a: a.abs()),
    "log": (1, 1, _ufunc(np.log)),
    "sqrt": (1, 1, _ufunc(np.sqrt)),
    "to_number": (1, 1, _to_number),
    "to_text": (1, 1, _text),
    "year": (1, 1, _date_part("year")),
    "month": (1, 1, _date_part("month")),
    "day": (1, 1, _date_part("day")),
    "if": (3, 3, _choose),
}
