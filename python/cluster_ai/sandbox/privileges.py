"""What root may beyond files: load modules, mount, reboot, trace. None of it is kept."""

from __future__ import annotations

import ctypes

from .errors import SandboxError
from .landlock import libc

DROP_FROM_BOUNDING_SET = 24
_VERSION_3 = 0x20080522
_LAST_IMAGINABLE = 63


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_all() -> None:
    """Every capability of this process goes; root is then a user like others, who owns root's files. capabilities(7)."""
    for capability in range(_LAST_IMAGINABLE + 1):
        libc.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)  # not ours to drop without root; without new privileges none comes back
    header, none = _Header(_VERSION_3, 0), (_Sets * 2)()
    if libc.capset(ctypes.byref(header), none) != 0:
        raise SandboxError("The rights of root cannot be given up.")
