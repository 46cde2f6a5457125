"""Where the cluster is and what proves who we are, the same way as the command line finds them."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import RegistryError


@dataclass(frozen=True)
class Place:
    url: str
    key: str | None
    authorities: tuple[str, ...]
    """PEM texts of certificate authorities to trust beside the usual ones."""


def data_folder() -> Path:
    return Path(os.environ.get("CLUSTER_AI_HOME") or Path.home() / ".cluster-ai").absolute()


def find_address(folder: Path) -> str:
    """Raises ``not_running`` when no cluster runs over the folder."""
    try:
        return str(json.loads((folder / "run" / "cluster.json").read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        raise RegistryError(
            "not_running",
            f"No cluster runs in {folder}.",
            "Start it with `cluster-ai up`, or name a running one: url=… or CLUSTER_AI_URL.",
        ) from None


def find_owner_credential(folder: Path) -> str | None:
    """What makes the owner of the data folder an admin of its cluster. Raises ``forbidden`` when others could have changed it."""
    path = folder / "run" / "host.credential"
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    if found.st_mode & 0o077:
        raise RegistryError("forbidden", f"Others could have read or changed {path}, so it proves nothing.", "Restart the cluster.")
    return path.read_text("utf-8").strip()


def find_authorities(folder: Path) -> tuple[str, ...]:
    """What this machine knows from its own cluster, or from the one that it joined."""
    found = []
    own = folder / "secrets" / "ca.crt"
    if own.is_file():
        found.append(own.read_text("utf-8"))
    with suppress(OSError, ValueError, KeyError, TypeError):  # which a machine that joined none has not
        found.append(str(json.loads((folder / "agent" / "identity.json").read_text("utf-8"))["certificateAuthority"]))
    return tuple(found)


def locate(url: str | None, key: str | None) -> Place:
    """What was named, else the environment, else the cluster of this machine. Its owner's credential is sent to no other place."""
    folder = data_folder()
    named_url = url or os.environ.get("CLUSTER_AI_URL") or None
    named_key = key or os.environ.get("CLUSTER_AI_API_KEY") or None
    return Place(
        url=(named_url or find_address(folder)).rstrip("/"),
        key=named_key or (find_owner_credential(folder) if named_url is None else None),
        authorities=find_authorities(folder),
    )
