"""Where rows come from: inline, files below the open folders, or a blob by its digest."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pandas as pd

from ..tasks.failure import TaskFailure
from ..tasks.running import Run
from .parts import SAMPLE_BYTES, File, Part, Types, known_type, merge_types, parse_jsonl, read_part, to_columns, to_types
from .paths import find_inputs, format_of

MOST_SAMPLED = 50
"""Files that are looked into for the types of columns."""
ROWS_IN_PART = 20_000
SMALLEST_BLOCK, LARGEST_BLOCK = 4 * 1024 * 1024, 64 * 1024 * 1024
BLOCKS_IN_MEMORY = 32
"""So many pieces of a file are as large as the memory of one thread: as tables they are several times larger."""


def files_of(run: Run, source: dict[str, Any]) -> list[File]:
    if "blob" in source:
        spec = {"files": run.spec.get("files"), "grant": run.spec.get("grant")}
        return [File(source["format"], digest=source["blob"], spec=spec)]
    paths = find_inputs(source["path"], run.spec.get("dataFolders") or [])
    return [
        File(format_of(path, source.get("format")), path=str(path), separator="\t" if path.suffix.lower() == ".tsv" else ",")
        for path in paths
    ]


def block_bytes(memory_bytes: int | None) -> int:
    return LARGEST_BLOCK if memory_bytes is None else max(SMALLEST_BLOCK, min(LARGEST_BLOCK, memory_bytes // BLOCKS_IN_MEMORY))


def parts_of(run: Run, source: dict[str, Any]) -> tuple[list[Part], Types]:
    """The pieces of all files, and the type of each column."""
    block = block_bytes(run.smallest_memory)
    files = files_of(run, source)
    step = max(1, len(files) // MOST_SAMPLED)
    types = merge_types([_sample(file) for file in files[::step]])
    if not types:
        raise TaskFailure("invalid_input", "The table has no columns.", "Its first line names them; see the file.")
    return [part for file in files for part in _cut(file, tuple(types.items()), block)], types


def _sample(file: File) -> Types:
    with file.located() as path:
        if file.format == "parquet":
            return _parquet_types(path)
        with path.open("rb") as stream:
            text = stream.read(SAMPLE_BYTES)
        if len(text) == SAMPLE_BYTES:
            text = text[: text.rfind(b"\n") + 1]
    if file.format == "jsonl":
        frame = parse_jsonl(text)
    elif text.strip():
        frame = pd.read_csv(io.BytesIO(text), sep=file.separator, encoding_errors="replace")
    else:
        return {}
    return {str(name): known_type(frame[name]) for name in frame.columns}


def _parquet_types(path: Path) -> Types:
    import pyarrow.parquet

    schema = pyarrow.parquet.read_schema(path)
    frame = schema.empty_table().to_pandas(ignore_metadata=True, types_mapper=_nullable)
    return {str(name): known_type(frame[name]) for name in frame.columns}


def _nullable(kind: Any) -> Any:
    import pyarrow.types

    if pyarrow.types.is_integer(kind):
        return pd.Int64Dtype()
    if pyarrow.types.is_floating(kind) or pyarrow.types.is_decimal(kind):
        return pd.Float64Dtype()
    return pd.BooleanDtype() if pyarrow.types.is_boolean(kind) else None


def _cut(file: File, types: tuple[tuple[str, Any], ...], block: int) -> list[Part]:
    has_header = file.format == "csv"
    with file.located() as path:
        if file.format == "parquet":
            import pyarrow.parquet

            groups = pyarrow.parquet.read_metadata(path).num_row_groups
            return [Part(file, number, number + 1, False, types) for number in range(groups)]
        size = os.path.getsize(path)
        if has_header:
            _check_header(path, file, [name for name, _ in types])
    starts = range(0, max(size, 1), block)
    return [Part(file, start, min(size, start + block), has_header, types) for start in starts]


def _check_header(path: Path, file: File, names: list[str]) -> None:
    with path.open("rb") as stream:
        own = [str(name) for name in pd.read_csv(io.BytesIO(stream.readline()), sep=file.separator, encoding_errors="replace").columns]
    if own != names:
        raise TaskFailure("invalid_input", f"{path.name} has the columns {own}, and other files of the table {names}.")


def to_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = to_columns(rows)
    return to_types(frame, merge_types([{name: known_type(frame[name]) for name in frame.columns}]))


def read_frames(run: Run, source: dict[str, Any]) -> Any:
    """One part after the other, in this process: for work that is done here."""
    if "rows" in source:
        frame = to_frame(source["rows"])
        yield from (frame.iloc[start : start + ROWS_IN_PART] for start in range(0, len(frame), ROWS_IN_PART))
        return
    for part in parts_of(run, source)[0]:
        run.check()
        yield read_part(part)


def read_rows(run: Run, source: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows, as they were given or as plain values."""
    if "rows" in source:
        return list(source["rows"])
    return [row for frame in read_frames(run, source) for row in to_rows(frame)]


def to_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object)
    return plain.where(frame.notna(), None).to_dict(orient="records")  # type: ignore[no-any-return]


def open_table(run: Run, source: dict[str, Any]) -> Any:
    """A collection of Dask, in parts that the workers read."""
    import dask.dataframe as dd

    if "rows" in source:
        frame = to_frame(source["rows"])
        return dd.from_pandas(frame, npartitions=max(1, -(-len(frame) // ROWS_IN_PART)), sort=False)
    parts, types = parts_of(run, source)
    meta = pd.DataFrame({name: pd.Series(dtype=type_) for name, type_ in types.items()})
    return dd.from_map(read_part, parts, meta=meta, label="read-table", enforce_metadata=False)
