"""The bridge's client of Dask."""

from __future__ import annotations

import platform
from typing import Any

import cloudpickle
import dask
import distributed
from distributed.security import Security

CONNECT_S = 10


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "dask": dask.__version__,
        "distributed": distributed.__version__,
        "cloudpickle": cloudpickle.__version__,
    }


def connect(configuration: dict[str, Any]) -> distributed.Client:
    """An asynchronous client, to be entered. Certificates stay in memory: Dask takes their text for their files."""
    dask.config.set({"distributed.client.heartbeat": "5s", "distributed.diagnostics.computations.nframes": 0})
    tls = configuration.get("tls")
    return distributed.Client(
        configuration["scheduler"],
        asynchronous=True,
        name="cluster-ai-bridge",
        timeout=CONNECT_S,
        # results are bytes that workers of ours wrote: nothing that a task made is unpickled here
        deserializers=["dask", "msgpack", "error"],
        security=None if tls is None else _security(tls),
    )


def _security(tls: dict[str, str]) -> Security:
    return Security(
        require_encryption=True, tls_ca_file=tls["authority"], tls_client_cert=tls["certificate"], tls_client_key=tls["key"]
    )
