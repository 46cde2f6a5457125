"""Results as JSON, on the machine where they were made: nobody unpickles what an author's code returned."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import json
import math
import os
import uuid
from collections.abc import Mapping, Set
from typing import Any

from .failure import TaskFailure

DEEPEST = 200


def to_json(value: Any, max_bytes: int) -> bytes:
    """JSON in UTF-8. Numbers that JSON does not know (NaN, infinities) become null, and so do missing values of pandas.

    Dates are ISO 8601, arrays lists, frames lists of rows, bytes base64. Raises TaskFailure ``invalid_input`` for what has no
    form in JSON, ``result_too_large`` beyond ``max_bytes``.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_to_known)
    except (ValueError, TypeError, RecursionError):  # a NaN, a key that is no text, or something worse: the careful way says which
        text = json.dumps(_to_plain(value, 0), ensure_ascii=False, separators=(",", ":"))
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a character, as some files have them
        data = json.dumps(json.loads(text)).encode()
    if len(data) > max_bytes:
        raise TaskFailure(
            "result_too_large",
            f"The result has {len(data)} bytes, and {max_bytes} are allowed.",
            "Return less, write files below a data folder, or raise compute.resultMaxMiB.",
        )
    return data


def _to_plain(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise TaskFailure("raised", f"The result is nested more than {DEEPEST} deep, or holds itself.", "Return plain values.", "", False)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_to_key(key): _to_plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(item, depth + 1) for item in value]
    return _to_plain(_to_known(value), depth + 1)


def _to_key(key: Any) -> str:
    if isinstance(key, str):
        return key
    plain = _to_plain(key, DEEPEST - 1)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _to_known(value: Any) -> Any:
    """One step towards what JSON knows, without importing what the author's code did not."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat() if value == value else None  # NaT is not even itself
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (uuid.UUID, os.PathLike)):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, Set):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return _from_libraries(value)


def _from_libraries(value: Any) -> Any:
    library = type(value).__module__.partition(".")[0]
    if library == "pandas":
        return _from_pandas(value)
    if hasattr(value, "tolist"):  # arrays and scalars of numpy, tensors
        return value.tolist()
    if library == "pyarrow" and hasattr(value, "to_pylist"):
        return value.to_pylist()
    raise TaskFailure(
        "raised",
        f"The result holds a {type(value).__module__}.{type(value).__qualname__}, which has no form in JSON.",
        "Return numbers, texts, lists and objects, or write a file below a data folder.",
        "",
        False,
    )


def _from_pandas(value: Any) -> Any:
    name = type(value).__name__
    if name == "DataFrame":
        return value.to_dict(orient="records")
    if name in ("NAType", "NaTType"):
        return None
    return value.tolist() if hasattr(value, "tolist") else str(value)
