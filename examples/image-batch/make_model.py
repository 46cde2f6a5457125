"""Writes a tiny ONNX model without any package: python make_model.py model.onnx

It takes pictures of 8 x 8 pixels (192 numbers from 0 to 1: red, green and blue of each pixel) and scores how red, green and blue they are:
scores = Softmax(pixels x weights). The file is protocol buffers by hand, after the message definitions of onnx.proto.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

PIXELS = 8 * 8
COLOURS = 3


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(body)) + body


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def varint(value: int) -> bytes:
    pieces = bytearray()
    while value > 127:
        pieces.append(value & 127 | 128)
        value >>= 7
    return bytes([*pieces, value])


def tensor(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    dims = b"".join(number(1, size) for size in shape)
    return dims + number(2, 1) + text(8, name) + message(9, struct.pack(f"<{len(values)}f", *values))


def table(name: str, columns: int) -> bytes:
    """Any number of rows with so many 32-bit floats."""
    rows = message(1, text(2, "batch"))
    shape = message(2, rows, message(1, number(1, columns)))
    return text(1, name) + message(2, message(1, number(1, 1), shape))


def node(operator: str, inputs: tuple[str, ...], output: str) -> bytes:
    return b"".join(text(1, name) for name in inputs) + text(2, output) + text(4, operator)


def make_model() -> bytes:
    # each colour's own share of a pixel counts for it, the others against it
    weights = [4 / PIXELS if at % COLOURS == colour else -2 / PIXELS for at in range(PIXELS * COLOURS) for colour in range(COLOURS)]
    graph = (
        message(1, node("MatMul", ("pixels", "weights"), "sums")),
        message(1, node("Softmax", ("sums",), "scores")),
        text(2, "colours"),
        message(5, tensor("weights", (PIXELS * COLOURS, COLOURS), weights)),
        message(11, table("pixels", PIXELS * COLOURS)),
        message(12, table("scores", COLOURS)),
    )
    return number(1, 8) + text(2, "cluster-ai example") + message(7, *graph) + message(8, text(1, ""), number(2, 13))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(make_model())
