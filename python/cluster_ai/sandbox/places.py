"""What of a machine Python, its libraries and the programs of tasks need. Nothing that holds a secret of somebody."""

from __future__ import annotations

import glob
import os
import sys

_SYSTEM = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/proc",
    "/sys",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/nsswitch.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/protocols",
    "/etc/services",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/locale.alias",
    "/etc/locale.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/fonts",
    "/etc/OpenCL",
    "/etc/vulkan",
]
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/dri", "/dev/kfd", "/dev/nvidia*"]
SHARED_MEMORY = "/dev/shm"
"""Python's locks between processes live there."""


def system_files() -> list[str]:
    return list(_SYSTEM)


def python_files() -> list[str]:
    """The interpreter, its libraries, the environment, and the folder of our own packages. Not ``sys.path``: it begins with any folder."""
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [*sorted({sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}), os.path.realpath(sys.executable), ours]


def devices() -> list[str]:
    """The harmless ones, and those that tasks compute on."""
    return [path for pattern in _DEVICES for path in glob.glob(pattern)]


def resolve(paths: list[str]) -> list[str]:
    """Those that exist, without links on the way: rules belong to what is really there."""
    real = (os.path.realpath(path) for path in paths)
    return sorted({path for path in real if os.path.exists(path) and path != "/"})
