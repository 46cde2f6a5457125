"""A plain Dask client out of what the cluster hands to whoever may connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .versions import check_versions

if TYPE_CHECKING:
    from distributed import Client


def connect(connection: Mapping[str, Any], options: Mapping[str, Any]) -> Client:
    """Raises ``python_mismatch`` before anything is sent to the scheduler. The certificates stay in memory."""
    check_versions(connection["versions"])
    from distributed import Client
    from distributed.security import Security

    security = Security(  # type: ignore[no-untyped-call]
        tls_ca_file=connection["authority"],
        tls_client_cert=connection["certificate"],
        tls_client_key=connection["key"],
        require_encryption=True,
    )
    return Client(connection["address"], security=security, **options)  # type: ignore[no-untyped-call]
