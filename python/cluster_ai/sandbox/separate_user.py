"""Where there is no Landlock: another user, who sees of the closed folders above its own only what it needs."""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import stat

from .errors import SandboxError
from .landlock import NO_NEW_PRIVILEGES, libc

FIRST_ID = 64_823
"""Below the ids that systemd hands out, above those of people; no user of any distribution."""
NEW_MOUNTS = 0x00020000
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
NO_SUID, NO_DEVICES = 2, 4


def become(needed: list[str], owned: str | None) -> int:
    """Takes an id that nobody has, without groups; ``owned`` becomes its own. Raises ``SandboxError``."""
    user = _find_free_id()
    if owned is not None:
        os.chown(owned, user, user, follow_symlinks=False)
    hidden = _find_closed(needed, user)
    if hidden:
        _show_only(needed, hidden)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise SandboxError("Privileges cannot be given up for good.")
    return user


def _find_free_id() -> int:
    taken = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    return next(user for user in range(FIRST_ID, 65_534) if user not in taken)


def _is_open(folder: str, user: int) -> bool:
    found = os.stat(folder)
    return bool(found.st_mode & stat.S_IXOTH) or (found.st_uid == user and bool(found.st_mode & stat.S_IXUSR))


def _find_closed(needed: list[str], user: int) -> set[str]:
    """The topmost folders on the way to what is needed that this user may not enter."""
    closed = set()
    for path in needed:
        parts = path.split("/")
        above = ("/".join(parts[:depth]) for depth in range(2, len(parts)))
        first = next((folder for folder in above if not _is_open(folder, user)), None)
        if first is not None:
            closed.add(first)
    return closed


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [word.encode() if word is not None else None for word in (source, target, kind)]
    data = options.encode() if options is not None else None
    if libc.mount(*words, ctypes.c_ulong(flags), data) != 0:
        raise SandboxError(f"{target} cannot be hidden from tasks: {os.strerror(ctypes.get_errno())}.")


def _show_only(needed: list[str], hidden: set[str]) -> None:
    """In mounts of this process alone, each hidden folder is replaced by an empty one that holds what is needed and nothing else."""
    if libc.unshare(NEW_MOUNTS) != 0:
        raise SandboxError("This process may have no mounts of its own, so closed folders cannot be shown in part.")
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    inside = [path for path in needed if any(path.startswith(f"{folder}/") for folder in hidden)]
    outermost = [path for path in inside if not any(path.startswith(f"{other}/") for other in inside)]
    handles = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in outermost}
    for folder in hidden:
        _mount("tmpfs", folder, "tmpfs", NO_SUID | NO_DEVICES, "mode=0755,size=1m")
    for path, handle in handles.items():
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            os.makedirs(path, mode=0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        _mount(f"/proc/self/fd/{handle}", path, None, BIND | RECURSIVE)
        os.close(handle)
