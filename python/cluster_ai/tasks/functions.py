"""Functions that the owner of a cluster registered: files that are imported, and in them what is marked with ``@task``.

``python -m cluster_ai.tasks.functions FILE…`` prints them as JSON, for the door that refuses what cannot be called. With ``-`` in
place of files, these come as JSON on standard input, and may be texts.
"""

from __future__ import annotations

import hashlib
import json
import linecache
import os
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..authoring import MARK
from .failure import TaskFailure, from_exception
from .schema import parameters_of

Function = Callable[..., Any]
File = str | Mapping[str, str]
LISTING_SECONDS = 60
_loaded: dict[str, dict[str, Function]] = {}


def load_functions(files: Iterable[File]) -> dict[str, Function]:
    """All functions of the files, by name. A file is a path, or ``{name, digest, source}``; each is imported once.

    Raises TaskFailure ``unsupported`` for a file that cannot be imported, and where two functions have one name.
    """
    functions: dict[str, Function] = {}
    for file in files:
        for name, function in _functions_of(file).items():
            if name in functions and functions[name] is not function:
                raise TaskFailure("unsupported", f'Two registered functions have the name "{name}".', "Name one of them: @task(name=…).")
            functions[name] = function
    return functions


def _functions_of(file: File) -> dict[str, Function]:
    where, name, source = _read(file)
    digest = hashlib.sha256(f"{where}\0{source}".encode()).hexdigest()
    if digest not in _loaded:
        try:
            _loaded[digest] = _marked(_import(where, name, source, digest))
        except Exception as error:
            failure = from_exception(error, f"{name} cannot be imported: ")
            raise TaskFailure("unsupported", failure.message, "Mend the file, or its packages.", failure.traceback) from error
    return _loaded[digest]


def _read(file: File) -> tuple[str, str, str]:
    if not isinstance(file, str):
        return file["name"], Path(file["name"]).name, file["source"]
    try:
        return file, Path(file).name, Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "Check compute.functions: the same path on every node."
        raise TaskFailure("function_not_found", f"The file {file} cannot be read ({error}).", hint) from error


def _import(where: str, name: str, source: str, digest: str) -> types.ModuleType:
    """A file as a module whose text was read before, so that what is imported is what was looked at."""
    module = types.ModuleType(f"cluster_ai_functions_{digest[:12]}_{Path(name).stem}")
    module.__file__ = where
    folder = str(Path(where).parent)
    if Path(where).is_absolute() and folder not in sys.path:
        sys.path.append(folder)  # files of one folder import each other
    linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
    sys.modules[module.__name__] = module
    exec(compile(source, where, "exec"), module.__dict__)
    return module


def _marked(module: types.ModuleType) -> dict[str, Function]:
    own = [found for found in vars(module).values() if hasattr(found, MARK) and getattr(found, "__module__", "") == module.__name__]
    functions: dict[str, Function] = {}
    for function in own:
        name = getattr(function, MARK).name
        if name in functions and functions[name] is not function:
            raise ValueError(f'two functions have the name "{name}"')
        functions[name] = function
    return functions


def describe(name: str, function: Function, file: str) -> dict[str, Any]:
    return {"name": name, "description": getattr(function, MARK).description, "parameters": parameters_of(function), "file": file}


def describe_all(files: Iterable[File]) -> dict[str, list[dict[str, Any]]]:
    """``functions`` of all files, and ``problems`` of those that cannot be used: one of them does not hide the others."""
    functions: dict[str, dict[str, Any]] = {}
    problems = []
    for file in files:
        path = file if isinstance(file, str) else file["name"]
        try:
            for name, function in load_functions([file]).items():
                if name in functions:
                    raise TaskFailure("unsupported", f'"{name}" is in {functions[name]["file"]} already.', "Name one: @task(name=…).")
                functions[name] = describe(name, function, path)
        except TaskFailure as failure:
            problems.append({"file": path, **failure.to_json()})
    return {"functions": list(functions.values()), "problems": problems}


def list_functions(files: list[File]) -> dict[str, list[dict[str, Any]]]:
    """The same, in a process of its own: nothing of the files runs in this one. Raises TaskFailure ``crashed``, ``timed_out``."""
    from .children import environment

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cluster_ai.tasks.functions", "-"]
        own, data = environment(Path(folder)), json.dumps(files).encode()
        try:
            found = subprocess.run(command, input=data, capture_output=True, check=False, cwd=folder, env=own, timeout=LISTING_SECONDS)
            return json.loads(found.stdout)  # type: ignore[no-any-return]
        except subprocess.TimeoutExpired:
            raise TaskFailure("timed_out", f"Reading the registered functions took more than {LISTING_SECONDS} s.") from None
        except ValueError:
            said = found.stderr.decode(errors="replace")
            raise TaskFailure("crashed", f"Reading the registered functions ended with code {found.returncode}.", "", said) from None


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # where files print to
    files = json.load(sys.stdin) if sys.argv[1:] == ["-"] else sys.argv[1:]
    json.dump(describe_all(files), answers)
    answers.close()


if __name__ == "__main__":
    main()
