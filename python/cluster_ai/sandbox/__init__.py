"""Keeps a process and everything that it starts away from all files but a few.

Tasks are code of other people. They run as the user that runs us, so this is what stands between them and the keys, the database and
the homes of this machine. Called before anything heavy is imported, while there is one thread: what it takes away never comes back.
"""

from __future__ import annotations

import os

from . import landlock, places, privileges, separate_user, system_calls
from .errors import NoSandboxError, SandboxError

__all__ = ["NoSandboxError", "SandboxError", "enter"]


def enter(read: list[str], write: list[str], *, owned: str | None = None, forbidden: list[str] | None = None) -> str:
    """Lets this process read what Python and the system's libraries need and ``read``, write ``write``, and nothing else.

    Args:
        read: files and folders.
        write: files and folders, which can be read as well.
        owned: of ``write``, the scratch folder: where another user is taken, it becomes that user's.
        forbidden: folders that must be out of reach afterwards, though parts of them may have been named above.

    Returns:
        How it is done, for people: ``Landlock 7``, or ``user 64823``.

    Raises:
        NoSandboxError: neither way works here; nothing has changed.
        SandboxError: it failed half way, or ``forbidden`` would still be within reach. The process must end then.
    """
    readable = places.resolve([*places.system_files(), *places.python_files(), *read])
    writable = places.resolve([places.SHARED_MEMORY, *write])
    secret = [(folder, os.stat(folder)) for folder in forbidden or [] if os.path.isdir(folder)]
    version = landlock.find_version()
    if version > 0:
        landlock.restrict(version, readable, writable, places.resolve(places.devices()))
        privileges.drop_all()
        how = f"Landlock {version}"
    elif os.geteuid() == 0:
        how = f"user {separate_user.become([*readable, *writable], owned)}"
    else:
        raise NoSandboxError("This kernel has no Landlock, and without root no other user can be taken.")
    system_calls.forbid(may_truncate=version == 0 or version >= landlock.FIRST_WITH_TRUNCATE)
    for folder, before in secret:
        _check_out_of_reach(folder, before)
    return how


def _check_out_of_reach(folder: str, before: os.stat_result) -> None:
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    is_same = os.path.samestat(os.fstat(opened), before)  # an empty one may have been put before it
    os.close(opened)
    if is_same:
        raise SandboxError(
            f"{folder} would be within reach of tasks: one of the folders that they may use lies above it. "
            "Name narrower folders as compute.dataFolders.",
        )
