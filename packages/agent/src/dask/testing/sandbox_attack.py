"""What code of somebody could try on a worker. Says what came of each try: ``refused``, or what it got."""

import ctypes
import os
import shutil
import socket


def attempt(work):
    try:
        found = work()
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return f"got {found!r}"[:200]


def read(path):
    with open(path, "rb") as file:
        return file.read(20)


def write(path):
    with open(path, "wb") as file:
        return file.write(b"x")


def plant(folder):
    path = os.path.join(folder, "cluster_ai_was_here.py")
    write(path)
    os.remove(path)
    return path


def trace(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, pid, None, None) != 0:
        raise PermissionError
    return libc.ptrace(17, pid, None, None)


def read_memory(pid):
    """By the call that needs no file."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(8)

    class Part(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    with open(f"/proc/{pid}/maps") as maps:
        start = int(maps.readline().split("-")[0], 16)
    ours, theirs = Part(ctypes.addressof(buffer), 8), Part(start, 8)
    if libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) < 0:
        raise PermissionError
    return buffer.raw


def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect(path)


def through_link(scratch, target):
    link = os.path.join(scratch, "link")
    if os.path.lexists(link):
        os.remove(link)
    os.symlink(target, link)
    return read(link)


def change_mode(path):
    before = os.stat(path).st_mode
    os.chmod(path, 0o666)
    if os.stat(path).st_mode == before:
        raise PermissionError
    return "changed"


def main(wish):
    """The wish has ``dataFolder``, ``secret`` in it, ``scratch``, ``home``, ``outside`` (anybody may write it), ``taskData``,
    ``modules``, ``socket`` and ``pids``.
    """
    secret, scratch = wish["secret"], wish["scratch"]
    tries = {
        "list the data folder": lambda: os.listdir(wish["dataFolder"]),
        "read a secret": lambda: read(secret),
        "read a secret through a link": lambda: through_link(scratch, secret),
        "read a secret by a hard link": lambda: os.link(secret, os.path.join(scratch, "hard")) or read(os.path.join(scratch, "hard")),
        "write a secret": lambda: write(secret),
        "cut a secret": lambda: os.truncate(secret, 0),
        "open a secret to all": lambda: change_mode(secret),
        "remove a secret": lambda: os.remove(secret),
        "list the home": lambda: os.listdir(wish["home"]),
        "list /home": lambda: os.listdir("/home"),
        "read the passwords": lambda: read("/etc/shadow"),
        "write outside": lambda: write(wish["outside"]),
        "write the environment": lambda: plant(os.path.dirname(os.__file__)),
        "write our own modules": lambda: plant(wish["modules"]),
        "connect to a service": lambda: connect(wish["socket"]),
    }
    for name, pid in wish["pids"].items():
        tries |= {
            f"environment of {name}": lambda pid=pid: read(f"/proc/{pid}/environ"),
            f"memory of {name}": lambda pid=pid: read(f"/proc/{pid}/mem"),
            f"memory of {name} by a call": lambda pid=pid: read_memory(pid),
            f"files of {name}": lambda pid=pid: [os.readlink(f"/proc/{pid}/fd/{one}") for one in (0, 1, 2)],
            f"root of {name}": lambda pid=pid: os.listdir(f"/proc/{pid}/root"),
            f"trace {name}": lambda pid=pid: trace(pid),
            f"signal {name}": lambda pid=pid: os.kill(pid, 0),
        }
    allowed = {
        "write the scratch folder": lambda: write(os.path.join(scratch, "mine")),
        "copy a file": lambda: shutil.copy(os.path.join(scratch, "mine"), os.path.join(scratch, "copy")) and "copied",
        "read the data of tasks": lambda: read(os.path.join(wish["taskData"], "table.csv")),
    }
    return {
        "tries": {name: attempt(work) for name, work in tries.items()},
        "allowed": {name: attempt(work) for name, work in allowed.items()},
        "variables": sorted(os.environ),
    }
