"""A model of ONNX small enough to write by hand: ``output = input * weights + bias`` (onnx.proto3 says which field is what)."""

from __future__ import annotations

import struct


def _number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(data)) + data


def _tensor(name: str, shape: list[int], values: list[float]) -> bytes:
    dimensions = b"".join(_field(1, size) for size in shape)
    return dimensions + _field(2, 1) + _field(8, name) + _field(9, struct.pack(f"<{len(values)}f", *values))


def _place(name: str, width: int) -> bytes:
    shape = _field(1, _field(2, "rows")) + _field(1, _field(1, width))
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def linear(weights: list[list[float]], bias: list[float]) -> bytes:
    """From as many columns as there are lists of weights to as many as each has."""
    rows, columns = len(weights), len(bias)
    flat = [value for row in weights for value in row]
    node = b"".join(_field(1, name) for name in ("input", "w", "b")) + _field(2, "output") + _field(4, "Gemm")
    values = _field(5, _tensor("w", [rows, columns], flat)) + _field(5, _tensor("b", [columns], bias))
    graph = _field(1, node) + _field(2, "linear") + values + _field(11, _place("input", rows)) + _field(12, _place("output", columns))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
