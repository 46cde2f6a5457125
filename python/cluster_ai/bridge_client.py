"""The bridge's client of Dask."""

from __future__ import annotations

import platform
from collections.abc import Callable
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


class BridgeClient(distributed.Client):
    """Tells of each key whose state may have changed. To wait for every future by itself would cost as much again as Dask's own part."""

    on_key: Callable[[Any], None] = staticmethod(lambda key: None)

    def _handle_key_in_memory(self, key: Any = None, type: Any = None, workers: Any = None) -> None:
        super()._handle_key_in_memory(key=key, workers=workers)  # the type is a pickle, and of no use
        self.on_key(key)

    def _handle_lost_data(self, key: Any = None) -> None:
        super()._handle_lost_data(key=key)
        self.on_key(key)

    def _handle_restart(self) -> None:
        keys = list(self.futures)
        super()._handle_restart()
        for key in keys:
            self.on_key(key)

    def _handle_task_erred(self, key: Any = None, **rest: Any) -> None:
        super()._handle_task_erred(key=key, **rest)
        self.on_key(key)

    def _handle_cancelled_keys(self, keys: Any, **rest: Any) -> None:
        super()._handle_cancelled_keys(keys, **rest)
        for key in keys:
            self.on_key(key)


def connect(configuration: dict[str, Any]) -> BridgeClient:
    """An asynchronous client, to be entered. Certificates stay in memory: Dask takes their text for their files."""
    dask.config.set({"distributed.client.heartbeat": "5s", "distributed.diagnostics.computations.nframes": 0})
    tls = configuration.get("tls")
    return BridgeClient(
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
