"""Type hints as JSON Schema, and arguments against them."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from .failure import TaskFailure

Schema = dict[str, Any]
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    list: {"type": "array"},
    dict: {"type": "object"},
}


def to_schema(hint: Any) -> Schema:
    """What is not understood is let through: an empty schema."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        return to_schema(inner[0])
    if origin in (Union, types.UnionType):
        return {"anyOf": [to_schema(each) for each in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (list, Sequence):
        return {"type": "array", "items": to_schema(inner[0])}
    if origin in (dict, Mapping) and inner[0] is str:
        return {"type": "object", "additionalProperties": to_schema(inner[1])}
    return {}


def parameters_of(function: Callable[..., Any]) -> Schema:
    """JSON Schema of all arguments by name, with the default values that JSON knows."""
    hints = _hints(function)
    properties, required, is_open = {}, [], False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            is_open = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            properties[name] = _property(hints.get(name, Any), parameter.default)
            if parameter.default is parameter.empty:
                required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": is_open}


def _property(hint: Any, default: Any) -> Schema:
    schema = to_schema(hint)
    if default is None or isinstance(default, (str, int, float, bool)):
        return {**schema, "default": default}
    return schema


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:
        return {}


def check_arguments(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises TaskFailure ``invalid_input`` that says which argument is wrong, and how."""
    signature, hints = inspect.signature(function), _hints(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TaskFailure("invalid_input", f"{function.__name__}{signature} cannot be called so: {error}.") from None
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        schema = to_schema(hints.get(name, Any))
        if parameter.kind is parameter.VAR_POSITIONAL:
            schema, value = {"type": "array", "items": schema}, list(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            schema = {"additionalProperties": schema}
        if (problem := find_problem(schema, value, name)) is not None:
            raise TaskFailure("invalid_input", f"{function.__name__}: {problem}.", "See GET /api/v1/tasks/functions for what it takes.")


def find_problem(schema: Schema, value: Any, path: str) -> str | None:
    """What of a value does not fit, in words; only what `to_schema` says is understood."""
    if "anyOf" in schema:
        found = [find_problem(each, value, path) for each in schema["anyOf"]]
        return None if None in found else found[0] if len(found) == 1 else f"{path} is none of what it may be"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path} is none of {', '.join(map(repr, schema['enum']))}"
    if "type" in schema and not _is(schema["type"], value):
        return f"{path} is {_name(value)} where {schema['type']} is expected"
    inner: list[tuple[Schema, Any, str]] = []
    if isinstance(value, list) and "items" in schema:
        inner = [(schema["items"], item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        inner = [(schema["additionalProperties"], item, f"{path}.{key}") for key, item in value.items()]
    return next((problem for each in inner if (problem := find_problem(*each)) is not None), None)


def _is(kind: str, value: Any) -> bool:
    return (kind == "number" and _name(value) == "integer") or _name(value) == kind


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", type(None): "null", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)
