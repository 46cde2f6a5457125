"""Landlock, Linux's way for any process to give up files for good: landlock(7) and the kernel's userspace-api/landlock.rst."""

from __future__ import annotations

import ctypes
import os
import stat

from .errors import SandboxError

# the same numbers on every architecture
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
ABSTRACT_SOCKETS, SIGNALS = 1 << 0, 1 << 1

FIRST_WITH_TRUNCATE = 3
READ = EXECUTE | READ_FILE | READ_DIR
"""Programs may be run where files may be read: Python could do in memory whatever they do."""
WRITE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE
DEVICE = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | IOCTL_DEV
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Other rights mean nothing for a single file, and the kernel refuses them there."""

libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def find_version() -> int:
    """The version of Landlock's interface that the running kernel has; 0 for none."""
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    return max(0, int(version))


def _handled(version: int) -> int:
    rights = (1 << 13) - 1
    for since, right in ((2, REFER), (FIRST_WITH_TRUNCATE, TRUNCATE), (5, IOCTL_DEV)):
        if version >= since:
            rights |= right
    return rights


def _check(result: int, what: str) -> int:
    if result < 0:
        raise SandboxError(f"Landlock: {what}: {os.strerror(ctypes.get_errno())}.")
    return result


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there, or not for us, needs no rule
    try:
        allowed = rights if stat.S_ISDIR(os.fstat(parent).st_mode) else rights & ON_FILES
        rule = _PathBeneath(allowed, parent)
        _check(libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0)), f"cannot allow {path}")
    finally:
        os.close(parent)


def restrict(version: int, readable: list[str], writable: list[str], devices: list[str]) -> None:
    """From now on this process and all that it starts open nothing else, and (version 6) signal nobody outside.

    A process in such a domain may not trace, nor read the memory or environment of, one that is not in it (since version 1).
    """
    handled = _handled(version)
    wanted = _Ruleset(files=handled, network=0, scoped=ABSTRACT_SOCKETS | SIGNALS if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _check(libc.syscall(CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), ctypes.c_uint32(0)), "no ruleset")
    try:
        for paths, rights in ((readable, READ), (writable, READ | WRITE), (devices, DEVICE)):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        _check(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "privileges cannot be given up")
        _check(libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "the rules cannot be taken on")
    finally:
        os.close(ruleset)
