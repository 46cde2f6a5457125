"""How much memory a child and what it started hold. Limits of the address space would not do: JavaScript and numpy reserve far
more than they use."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def bytes_of_group(leader: int) -> int:
    """Resident bytes of a process and its descendants; 0 when it is gone. Shared pages count once for each."""
    total, waiting = 0, [leader]
    while waiting:
        pid = waiting.pop()
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE
            for thread in os.listdir(f"/proc/{pid}/task"):
                waiting += [int(child) for child in Path(f"/proc/{pid}/task/{thread}/children").read_text("ascii").split()]
        except FileNotFoundError:
            if not os.path.isdir("/proc/self"):
                return _elsewhere(leader)
        except (OSError, ProcessLookupError):
            continue
    return total


def _elsewhere(leader: int) -> int:
    """Where there is no /proc."""
    import psutil

    try:
        process = psutil.Process(leader)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0
