"""Where tables go: rows or text as the result, or files in a new folder that appears when all of it is written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from ..tasks.encode import to_json
from ..tasks.failure import TaskFailure
from ..tasks.running import Run
from .paths import new_folder
from .sources import to_rows

SUMMARY = "_task.json"
"""In a folder of results: which task wrote it, and what. Readers of tables skip files that begin so."""


def encode_part(frame: pd.DataFrame, format: str, most_bytes: int) -> bytes:
    """The rows of a part without what stands around them in the whole."""
    if format == "rows":
        return to_json(to_rows(frame), most_bytes)[1:-1]
    return to_text(frame, format, has_header=False)


def to_text(frame: pd.DataFrame, format: str, *, has_header: bool) -> bytes:
    if format == "csv":
        return str(frame.to_csv(index=False, header=has_header)).encode()
    lines = [to_json(row, 2**31) for row in to_rows(frame)]
    return b"".join(line + b"\n" for line in lines)


def join_parts(parts: Iterable[bytes], columns: list[str], format: str, most_bytes: int) -> bytes:
    """The whole result as JSON: a list of rows, or a text."""
    pieces, size = [], 0
    for part in parts:
        size += len(part) + 1
        if size > most_bytes:
            raise TaskFailure(
                "result_too_large",
                f"The table has more than {most_bytes} bytes.",
                "Write it to a folder (output.path), or keep fewer rows (head, group).",
            )
        if part:
            pieces.append(part)
    if format == "rows":
        return b"[" + b",".join(pieces) + b"]"
    header = pd.DataFrame(columns=columns).to_csv(index=False).encode() if format == "csv" else b""
    return to_json((header + b"".join(pieces)).decode(), most_bytes)


def write_part(frame: pd.DataFrame, folder: str, number: int, format: str) -> dict[str, Any]:
    path = Path(folder) / f"part-{number:05}.{format}"
    with path.open("wb") as stream:
        if format == "parquet":
            frame.to_parquet(stream, index=False)
        else:
            stream.write(to_text(frame, format, has_header=True))
        stream.flush()
        os.fsync(stream.fileno())
    return {"file": path.name, "rows": len(frame), "bytes": path.stat().st_size}


Write = Callable[[Path], Iterator[dict[str, Any]]]


def write_folder(run: Run, path: str, format: str, write: Write) -> dict[str, Any]:
    """``write`` fills a folder beside the wanted one, which then gets its name. The summary of it all.

    A task that ran before and was not heard finds its own folder and answers as then. Raises TaskFailure ``invalid_input`` for a
    folder of somebody else.
    """
    final = new_folder(path, run.spec.get("dataFolders") or [])
    if (before := _written_before(run, final)) is not None:
        return before
    unfinished = final.with_name(f".{final.name}.{run.spec['id']}.{run.spec['attempt']}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        files = list(write(unfinished))
        missing = [file["file"] for file in files if not (unfinished / file["file"]).is_file()]
        if missing:
            hint = "Mount the same folder on every node, or pin the task to one (resources.node)."
            raise TaskFailure("unsupported", f"{len(missing)} of {len(files)} files were written on another machine.", hint)
        summary = {
            "path": str(final),
            "format": format,
            "files": [file["file"] for file in files],
            "rows": sum(file["rows"] for file in files),
            "bytes": sum(file["bytes"] for file in files),
        }
        (unfinished / SUMMARY).write_text(json.dumps({"task": run.spec["id"], **summary}), "utf-8")
        run.check()
        os.rename(unfinished, final)
    except OSError as error:
        raise TaskFailure("raised", f"{final} could not be written ({error}).", "Free some space, or check who may write there.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return summary


def _written_before(run: Run, folder: Path) -> dict[str, Any] | None:
    if not os.path.lexists(folder):
        return None
    with suppress(OSError, ValueError, KeyError):
        found: dict[str, Any] = json.loads((folder / SUMMARY).read_text("utf-8"))
        if found.pop("task") == run.spec["id"]:
            return found
    raise TaskFailure("invalid_input", f"{folder} is there already.", "Name a new folder: nothing is overwritten.")
