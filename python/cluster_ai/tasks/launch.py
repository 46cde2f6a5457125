"""What a child is before it is anything else: bound to its worker, then replaced by the program that it runs.

Run by path with the standard library alone (``python -I -S launch.py '{…}' PROGRAM ARGUMENTS``), so that it costs milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
LANDLOCK_VERSION = 1
FS_MAKE_DEVICES = 1 << 6 | 1 << 11
"""Character and block devices: nothing that a task needs, and enough for a domain of its own."""
FS_WRITE_ALL = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
NET_TCP = 1 << 0 | 1 << 1
SCOPE_SIGNALS_AND_SOCKETS = 1 << 0 | 1 << 1


class Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def die_with_parent(libc: ctypes.CDLL, parent: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The worker ended.")


def confine(libc: ctypes.CDLL, is_quiet: bool) -> None:
    """A domain of its own (Landlock): it can neither look into the worker's memory nor send it signals.

    Inside the worker's own sandbox this only takes away more. ``is_quiet`` takes writing files and TCP as well. Kernels
    without it leave the child as the worker is.
    """
    abi = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    if abi < 1:
        return
    fs = FS_WRITE_ALL if is_quiet else FS_MAKE_DEVICES
    rules = Ruleset(fs=fs, net=NET_TCP if is_quiet and abi >= 4 else 0, scoped=SCOPE_SIGNALS_AND_SOCKETS if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if ruleset < 0 or libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        sys.exit("The child could not be confined.")
    os.close(ruleset)


def main() -> None:
    options = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        die_with_parent(libc, options["parent"])
        with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")  # when memory ends, the child goes and not the worker
        confine(libc, options["isQuiet"])
    os.execve(sys.argv[2], sys.argv[2:], os.environ)


if __name__ == "__main__":
    main()
