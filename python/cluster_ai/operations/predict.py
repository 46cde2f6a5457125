"""Tasks of the type ``model``: a model of the registry over a table, batch by batch in a child that keeps it loaded."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any

from ..tasks.encode import to_json
from ..tasks.failure import TaskFailure
from ..tasks.files import fetched
from ..tasks.pool import Pool
from ..tasks.python import call_child, python_program
from ..tasks.running import Run
from .inference import ask_model
from .parts import to_columns
from .prompts import fill
from .sources import read_frames, to_rows

ENDINGS = {".onnx": "onnx", ".safetensors": "safetensors", ".pt": "pytorch", ".pth": "pytorch", ".torchscript": "pytorch", ".gguf": "gguf"}
Rows = list[dict[str, Any]]


def predict(run: Run, pool: Pool) -> bytes:
    """The rows of the table with a column for each output of the model."""
    files = model_files(run)
    framework = run.spec.get("framework") or framework_of(files)
    check_verdict(run, framework)
    batches = _ask(run) if framework == "gguf" else _calculate(run, pool, framework, files)
    output = run.input.get("output") or {}
    if output.get("path") is None:
        return _join(run, batches)
    return to_json(_write(run, batches, output), run.max_bytes)


def model_files(run: Run) -> dict[str, dict[str, Any]]:
    """Those of the model by their names; other files of the task have none."""
    files = {str(file["path"]): file for file in run.spec.get("files") or [] if file.get("path")}
    if not files and run.spec.get("framework") != "gguf":
        raise TaskFailure("not_found", f"The task was not given the files of {run.input['model']}.", "Hand it in again.")
    return files


def framework_of(files: dict[str, Any]) -> str:
    found = {ENDINGS[ending] for ending in (Path(name).suffix.lower() for name in files) if ending in ENDINGS}
    if len(found) != 1:
        raise TaskFailure("unsupported", f"The files of the model do not tell its format: {', '.join(files)}.", "Register it as ONNX.")
    return found.pop()


def check_verdict(run: Run, framework: str) -> None:
    """What is known to be dangerous is not loaded; what can carry code only if nothing suspicious was found."""
    found = run.spec.get("verdict") or "unknown"
    if found == "dangerous" or (framework == "pytorch" and found != "safe"):
        text = f"{run.input['model']} ({framework}) is not loaded: a look into its files says {found}."
        raise TaskFailure("forbidden", text, "Convert it to ONNX or safetensors.")


def batches_of(run: Run) -> Iterator[Rows]:
    size = int(run.input.get("batchSize") or 256)
    for frame in read_frames(run, run.input["source"]):
        for start in range(0, len(frame), size):
            run.check()
            yield to_rows(frame.iloc[start : start + size])


def _calculate(run: Run, pool: Pool, framework: str, files: dict[str, dict[str, Any]]) -> Iterator[Rows]:
    key = hashlib.sha256("".join(sorted(f"{name}={file['digest']};" for name, file in files.items())).encode()).hexdigest()
    done = 0
    with ExitStack() as stack:
        paths = {name: str(stack.enter_context(fetched(run.settings, run.spec, file["digest"], run.check))) for name, file in files.items()}
        named = _link(run.settings.children.parent / "models" / key, paths)
        child = stack.enter_context(pool.borrowed(("model", ""), lambda: python_program("model")))
        for rows in batches_of(run):
            task = {"key": key, "framework": framework, "files": named, "inputs": run.input.get("inputs") or {}, "rows": rows}
            yield json.loads(call_child(run, child, to_json(task, 2**31)))
            done += len(rows)
            run.reporter.progress(0, f"{done} rows")  # how many there will be, nobody counted


def _link(folder: Path, paths: dict[str, str]) -> dict[str, str]:
    """Under their own names: programs look at endings, and files name each other."""
    named = {}
    for name, path in paths.items():
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or not parts or "\\" in name or "\0" in name:
            raise TaskFailure("invalid_input", f'A file of the model is called "{name}", which leads out of its folder.')
        place = folder.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not place.exists():
            temporary = place.with_name(f".{os.getpid()}.{threading.get_ident()}.{place.name}")
            temporary.symlink_to(path)
            os.replace(temporary, place)  # several threads may do the same
        named[name] = str(place)
    return named


def _ask(run: Run) -> Iterator[Rows]:
    """Models of language answer prompts: of the column that ``inputs.prompt`` names, or of the only one; or a template of columns."""
    wanted = run.input.get("inputs") or {}
    for rows in batches_of(run):
        columns = wanted.get("prompt") or list(rows[0])
        if not isinstance(columns, str) and len(columns) != 1:
            raise TaskFailure("invalid_input", "A model of language takes one column.", 'Name it: inputs {"prompt": "COLUMN"}.')
        column = columns if isinstance(columns, str) else columns[0]
        answers = ask_model(run, run.input["model"], "generate", [fill(f"{{{column}}}", row) for row in rows], {})
        yield [{**row, "output": answer} for row, answer in zip(rows, answers, strict=True)]


def _join(run: Run, batches: Iterator[Rows]) -> bytes:
    from .outputs import encode_part, join_parts

    format = (run.input.get("output") or {}).get("format") or "rows"
    if format == "parquet":
        raise TaskFailure("invalid_input", "Parquet is written to a folder.", "Name it as output.path.")
    columns: list[str] = []

    def parts() -> Iterator[bytes]:
        for rows in batches:
            columns[:] = columns or list(rows[0])
            yield to_json(rows, run.max_bytes)[1:-1] if format == "rows" else encode_part(to_columns(rows), format, run.max_bytes)

    return join_parts(parts(), columns, format, run.max_bytes)


def _write(run: Run, batches: Iterator[Rows], output: dict[str, Any]) -> dict[str, Any]:
    from .outputs import write_folder, write_part

    format = output.get("format") or "rows"
    if format == "rows":
        raise TaskFailure("invalid_input", "Rows are a result, and no files.", "Choose csv, jsonl or parquet, or leave output.path out.")

    def write(folder: Path) -> Iterator[dict[str, Any]]:
        for number, rows in enumerate(batches):
            yield write_part(to_columns(rows), str(folder), number, format)

    return write_folder(run, output["path"], format, write)
