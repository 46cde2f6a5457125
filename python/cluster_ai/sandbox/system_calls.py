"""System calls that tasks do not need and that lead around the rules for files: a seccomp filter, seccomp(2)."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

from .errors import SandboxError
from .landlock import libc

SET_SECCOMP, FILTER = 22, 2
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
CALL, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
UNIX_SOCKETS = 1
FIRST_OF_X32 = 0x40000000

# What each architecture calls itself, and its numbers.
_NUMBERS = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "truncate": 76, "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
            "add_key": 248, "request_key": 249, "keyctl": 250, "process_vm_readv": 310, "process_vm_writev": 311,
            "perf_event_open": 298, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "pidfd_getfd": 438,
            "chmod": 90, "chown": 92, "lchown": 94, "fchmodat": 268, "fchownat": 260, "fchmodat2": 452,
            "setxattr": 188, "lsetxattr": 189, "removexattr": 197, "lremovexattr": 198,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "truncate": 45, "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
            "add_key": 217, "request_key": 218, "keyctl": 219, "process_vm_readv": 270, "process_vm_writev": 271,
            "perf_event_open": 241, "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "pidfd_getfd": 438,
            "fchmodat": 53, "fchownat": 54, "fchmodat2": 452,
            "setxattr": 5, "lsetxattr": 6, "removexattr": 14, "lremovexattr": 15,
        },
    ),
}  # fmt: skip
_QUIET = ("chmod", "chown", "lchown", "fchmodat", "fchownat", "fchmodat2")
"""Landlock does not cover them. They do nothing and say that they worked: copying a file would fail otherwise."""


def forbid(*, may_truncate: bool) -> None:
    """For this process and all that it starts. Nothing on architectures that it does not know.

    Sockets of the machine's services (Docker's among them) are files that Landlock lets anybody connect to, hence no Unix sockets at all;
    ``socketpair``, which Python uses itself, stays.
    """
    known = _NUMBERS.get(platform.machine())
    if known is None or sys.maxsize < 2**32:
        return
    architecture, numbers = known
    refused = {name: number for name, number in numbers.items() if name != "socket" and not (may_truncate and name == "truncate")}
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, FAIL | errno.EPERM),
        (LOAD, 0, 0, CALL),
        (JUMP_AT_LEAST, 0, 1, FIRST_OF_X32),
        (RETURN, 0, 0, FAIL | errno.ENOSYS),
    ]
    for name, number in refused.items():
        answer = 0 if name in _QUIET else errno.EPERM
        program += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, FAIL | answer)]
    program += [
        (JUMP_EQUAL, 0, 3, numbers["socket"]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_EQUAL, 0, 1, UNIX_SOCKETS),
        (RETURN, 0, 0, FAIL | errno.EACCES),
        (RETURN, 0, 0, ALLOW),
    ]
    _install(program)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def _install(program: list[tuple[int, int, int, int]]) -> None:
    steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filled = _Program(len(program), ctypes.cast(steps, ctypes.c_void_p))
    if libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(filled), 0, 0) != 0:
        raise SandboxError("System calls that tasks must not make cannot be refused on this kernel.")
