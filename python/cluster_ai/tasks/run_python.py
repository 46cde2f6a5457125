"""Inside a child: calls a registered function, a source or a pickle with what the task says."""

from __future__ import annotations

import asyncio
import base64
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from ..authoring import progress
from .failure import TaskFailure, from_exception
from .functions import load_functions
from .grants import with_grant
from .schema import check_arguments

SOURCE_NAME = "<task>"


def run(task: dict[str, Any]) -> Any:
    wanted = task["input"]
    args, kwargs = wanted.get("args") or [], wanted.get("kwargs") or {}
    with with_grant(task.get("grant")):
        function = find(wanted, task.get("functions") or [])
        if wanted.get("items") is None:
            return call(function, args, kwargs)
        return call_each(function, wanted["items"], args, kwargs)


def find(wanted: dict[str, Any], files: list[Any]) -> Callable[..., Any]:
    given = [name for name in ("function", "source", "pickle") if wanted.get(name)]
    if len(given) != 1:
        raise TaskFailure("invalid_input", "A task of Python has exactly one of function, source and pickle.")
    if given == ["function"]:
        return find_registered(wanted["function"], files)
    return from_source(wanted["source"]) if given == ["source"] else from_pickle(wanted["pickle"], wanted.get("pythonVersion"))


def find_registered(name: str, files: list[Any]) -> Callable[..., Any]:
    functions = load_functions(files)
    if name not in functions:
        known = ", ".join(sorted(functions)) or "none"
        raise TaskFailure("function_not_found", f'No function with the name "{name}" is registered (there are: {known}).')
    return checked(functions[name])


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    def call_checked(*args: Any, **kwargs: Any) -> Any:
        check_arguments(function, args, kwargs)
        return function(*args, **kwargs)

    return call_checked


def from_source(source: str) -> Callable[..., Any]:
    linecache.cache[SOURCE_NAME] = (len(source), None, source.splitlines(keepends=True), SOURCE_NAME)
    module = types.ModuleType("__task__")
    sys.modules["__task__"] = module  # dataclasses and pickles look there
    try:
        code = compile(source, SOURCE_NAME, "exec")
    except (SyntaxError, ValueError) as error:
        raise TaskFailure("invalid_input", f"The source is not valid Python: {error}.") from None
    exec(code, module.__dict__)
    main: Callable[..., Any] | None = getattr(module, "main", None)
    if not callable(main):
        raise TaskFailure("invalid_input", "The source defines no function main.", "Define `def main(…):` in it.")
    return main


def from_pickle(text: str, version: str | None) -> Callable[..., Any]:
    import cloudpickle

    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version is not None and ".".join(version.split(".")[:2]) != own:
        raise TaskFailure("python_mismatch", f"The function was pickled by Python {version}, and the workers have {own}.")
    function: Callable[..., Any] = cloudpickle.loads(base64.b64decode(text))
    if not callable(function):
        raise TaskFailure("invalid_input", f"The pickle holds a {type(function).__name__} and no function.")
    return function


def call(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    result = function(*args, **kwargs)
    return asyncio.run(_await(result)) if inspect.isawaitable(result) else result


async def _await(result: Any) -> Any:
    return await result


def call_each(function: Callable[..., Any], items: list[Any], args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    results = []
    for index, item in enumerate(items):
        try:
            results.append(call(function, [item, *args], kwargs))
        except TaskFailure as failure:
            text = f"Item {index}: {failure.message}"
            raise TaskFailure(failure.kind, text, failure.hint, failure.traceback, failure.is_retryable) from None
        except Exception as error:
            raise from_exception(error, f"Item {index}: ") from None
        progress((index + 1) / len(items), f"{index + 1} of {len(items)}")
    return results
