"""Tables in parts: each a piece of a file that any worker reads by itself."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pandas as pd

from ..tasks.failure import TaskFailure
from ..tasks.files import fetched
from ..tasks.settings import read_settings
from .memory import trim_when_full

SAMPLE_BYTES = 1024 * 1024
TEXT = pd.StringDtype("pyarrow")
"""Every column has one of these types or one of dates, all of which know missing values."""
INTEGER, NUMBER, TRUTH = pd.Int64Dtype(), pd.Float64Dtype(), pd.BooleanDtype()
Types = dict[str, Any]


@dataclass(frozen=True)
class File:
    """By path, or by the digest of a blob that each worker fetches once."""

    format: str
    path: str | None = None
    digest: str | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    separator: str = ","

    @contextmanager
    def located(self) -> Iterator[Path]:
        if self.path is not None:
            yield Path(self.path)
            return
        from distributed import get_worker

        try:
            settings = read_settings(get_worker())
        except ValueError:
            settings = read_settings()
        with fetched(settings, self.spec, str(self.digest), lambda: None) as path:
            yield path


@dataclass(frozen=True)
class Part:
    file: File
    start: int
    """Bytes, or the number of a row group of Parquet."""
    end: int
    has_header: bool
    types: tuple[tuple[str, Any], ...]


def read_part(part: Part, columns: list[str] | None = None) -> pd.DataFrame:
    trim_when_full()
    types = dict(part.types)
    with part.file.located() as path:
        if part.file.format == "parquet":
            frame = _read_row_group(path, part.start, columns)
        elif part.file.format == "csv":
            names = list(types)
            with path.open("rb") as stream:
                text = read_lines(stream, part.start, part.end, skips_header=part.has_header)
            frame = _parse_csv(text, names, part.file.separator)
        else:
            with path.open("rb") as stream:
                frame = parse_jsonl(read_lines(stream, part.start, part.end, skips_header=False))
    wanted = {name: types[name] for name in columns or types}
    return to_types(frame.reindex(columns=list(wanted)), wanted, part.file)


def read_lines(stream: IO[bytes], start: int, end: int, *, skips_header: bool) -> bytes:
    """The lines that begin in a piece of a file. A line belongs to where it begins."""
    if start > 0:
        stream.seek(start - 1)
        stream.readline()
    elif skips_header:
        stream.readline()
    text = stream.read(max(0, end - stream.tell()))
    if text and not text.endswith(b"\n"):
        text += stream.readline()
    return text


def _parse_csv(text: bytes, names: list[str], separator: str) -> pd.DataFrame:
    if not text.strip():
        return pd.DataFrame({name: pd.Series(dtype=TEXT) for name in names})
    # as texts first: what a number is was decided for the whole table
    return pd.read_csv(io.BytesIO(text), names=names, header=None, dtype=TEXT, sep=separator, encoding_errors="replace")


def parse_jsonl(text: bytes) -> pd.DataFrame:
    rows = []
    for line in text.splitlines():
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise TaskFailure("invalid_input", "A line of the file is no JSON object.")
            rows.append(row)
    return to_columns(rows)


def to_columns(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Values as they came: a missing one must not turn the integers of its column into floats."""
    names = {str(name): None for row in rows for name in row}
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in names})


def _read_row_group(path: Path, number: int, columns: list[str] | None) -> pd.DataFrame:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        return file.read_row_group(number, columns=columns).to_pandas(ignore_metadata=True, integer_object_nulls=True)


def to_types(frame: pd.DataFrame, types: Mapping[str, Any], file: File | None = None) -> pd.DataFrame:
    """Raises TaskFailure ``invalid_input`` that names the column with values of another type than it had in the sample."""
    made = {}
    for name, type_ in types.items():
        try:
            made[name] = _to_type(frame[name], type_)
        except (ValueError, TypeError) as error:
            where = "" if file is None else f" of {os.path.basename(file.path or str(file.digest))}"
            hint = "Types come from the beginning of each file. Mend the value, or begin the column with a word, which makes it text."
            raise TaskFailure(
                "invalid_input", f'The column "{name}"{where} began as {type_}, then came something else: {error}.', hint
            ) from None
    return pd.DataFrame(made, index=frame.index)


def _to_type(values: pd.Series, type_: Any) -> pd.Series:
    if values.dtype == type_:
        return values
    if type_ == TEXT:
        plain = values.map(lambda value: value if isinstance(value, str) else json.dumps(value, default=str), na_action="ignore")
        return plain.astype(TEXT)
    if type_ == TRUTH and values.dtype == TEXT:
        return _to_truth(values)
    if type_ in (INTEGER, NUMBER) and values.dtype == TEXT:
        try:
            return values.astype(type_)  # exact
        except ValueError:  # blanks around it, or 5.0 for 5
            return pd.to_numeric(values.str.strip()).astype(type_)
    return values.astype(type_)


def _to_truth(values: pd.Series) -> pd.Series:
    found = values.str.lower().map({"true": True, "false": False}).astype(TRUTH)
    if (other := values[found.isna() & values.notna()]).size > 0:
        raise ValueError(f"{other.iloc[0]!r} is neither true nor false")
    return found


def known_type(values: pd.Series) -> Any:
    """Of a sample: the type that the whole column will have."""
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return TRUTH
    if pd.api.types.is_integer_dtype(kind):
        return INTEGER
    if pd.api.types.is_float_dtype(kind):
        return NUMBER
    if pd.api.types.is_datetime64_any_dtype(kind):
        return kind
    found = values.dropna()
    if len(found) == 0:
        return None
    if found.map(lambda value: isinstance(value, bool)).all():
        return TRUTH
    if found.map(lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)).all():
        return INTEGER if found.map(lambda value: isinstance(value, int)).all() else NUMBER
    return TEXT


def merge_types(samples: list[Types]) -> Types:
    """One type for each column, wide enough for all; text where samples contradict each other, or say nothing."""
    merged: Types = {}
    for types in samples:
        for name, type_ in types.items():
            before = merged.get(name)
            if before is None or type_ is None or before == type_:
                merged[name] = type_ if before is None else before
            else:
                merged[name] = NUMBER if {str(before), str(type_)} == {"Int64", "Float64"} else TEXT
    return {name: TEXT if type_ is None else type_ for name, type_ in merged.items()}
