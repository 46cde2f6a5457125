"""What a child is before it is anything else: bound to its worker, then replaced by the program that it runs.

Run by path with the standard library alone (``python -I -S launch.py '{…}' PROGRAM ARGUMENTS``), so that it costs milliseconds.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
MAKE_DEVICES = 1 << 6 | 1 << 11
"""Character and block devices: nothing that a task needs, and enough for a domain of its own."""
MOVE = 1 << 13
"""Between folders; every domain takes it away unless it says otherwise (since version 2)."""
SIGNALS_AND_SOCKETS = 1 << 0 | 1 << 1
SECCOMP_FILTER, REFUSE, ALLOW = 2, 0x00050000 | errno.EACCES, 0x7FFF0000
SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""What each architecture calls itself, and its number of socket(2)."""


class Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def die_with_parent(libc: ctypes.CDLL, parent: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The worker ended.")


def confine(libc: ctypes.CDLL) -> None:
    """A domain of its own (Landlock): it can neither look into the worker's memory nor send it signals.

    Files stay as the worker has them. Kernels without it leave the child as the worker is.
    """
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    if version < 1:
        return
    move = MOVE if version >= 2 else 0
    rules = Ruleset(MAKE_DEVICES | move, 0, SIGNALS_AND_SOCKETS if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if move:
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        rule = PathBeneath(move, root)
        libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        os.close(root)
    if ruleset < 0 or libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) != 0:
        sys.exit("The child could not be confined.")
    os.close(ruleset)


def refuse_network(libc: ctypes.CDLL) -> None:
    """No sockets of any kind; pipes that are open stay."""
    known = SOCKET_CALLS.get(os.uname().machine)
    if known is None or sys.maxsize < 2**32:
        return
    architecture, number = known
    steps = [(0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, REFUSE), (0x20, 0, 0, 0)]
    steps += [(0x35, 1, 0, 0x40000000), (0x15, 0, 1, number), (0x06, 0, 0, REFUSE), (0x06, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_FILTER, ctypes.byref(Filter(len(steps), ctypes.cast(program, ctypes.c_void_p))), 0, 0) != 0:
        sys.exit("The child could not be kept from the network.")


def main() -> None:
    options = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        die_with_parent(libc, options["parent"])
        with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")  # when memory ends, the child goes and not the worker
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        confine(libc)
        if options["isQuiet"]:
            refuse_network(libc)
    os.execve(sys.argv[2], sys.argv[2:], os.environ)


if __name__ == "__main__":
    main()
