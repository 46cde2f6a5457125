"""Paths that tasks name: below the folders that the cluster's owner opened, wherever links lead."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from ..tasks.failure import TaskFailure

MOST_FILES = 100_000
ENDINGS = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}


def find_inputs(pattern: str, folders: Sequence[str]) -> list[Path]:
    """The files that a path, folder or glob means, in order. Raises TaskFailure ``forbidden`` for any outside of the folders."""
    check_below(Path(os.path.normpath(pattern)), folders, is_real=False)
    if os.path.isdir(pattern):
        pattern = os.path.join(glob.escape(pattern), "*")
    found = []
    for name in glob.iglob(pattern, recursive=True):
        if os.path.isfile(name) and not os.path.basename(name).startswith(("_", ".")):
            found.append(check_below(Path(name), folders))
        if len(found) > MOST_FILES:
            raise TaskFailure("invalid_input", f"{pattern} means more than {MOST_FILES} files.", "Name fewer.")
    if not found:
        raise TaskFailure("not_found", f"No file is called {pattern} on this worker.", "Check the path; the folder must be on every node.")
    return sorted(found)


def new_folder(path: str, folders: Sequence[str]) -> Path:
    """Where results may be written: a name below one of the folders whose parent is there, or can be made."""
    wanted = Path(os.path.normpath(path))
    check_below(wanted, folders, is_real=False)
    return check_below(wanted.parent, folders, may_be_one=True) / wanted.name


def check_below(path: Path, folders: Sequence[str], *, is_real: bool = True, may_be_one: bool = False) -> Path:
    """The real path. With ``is_real`` false only the name is looked at: it may hold patterns, or not exist yet."""
    if not folders:
        hint = "Name the folder as compute.dataFolders in cluster.yaml."
        raise TaskFailure("forbidden", "No folders of this cluster are open to tasks.", hint)
    real = Path(os.path.realpath(path)) if is_real else path
    for folder in folders:
        allowed = [os.path.realpath(folder)] if is_real else [os.path.normpath(folder), os.path.realpath(folder)]
        for each in map(Path, allowed):
            if each in real.parents or (may_be_one and each == real):
                return real
    raise TaskFailure("forbidden", f"{path} is not below a folder that tasks may use.", f"These are: {', '.join(folders)}.")


def format_of(path: Path, said: str | None) -> str:
    found = said or ENDINGS.get(path.suffix.lower())
    if found is None:
        raise TaskFailure("invalid_input", f"{path.name} does not tell its format.", "Say it: format csv, jsonl or parquet.")
    return found
