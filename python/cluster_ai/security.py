"""The certificates of a process of Dask, which can be replaced while it runs."""

from __future__ import annotations

import os
import ssl
import tempfile
from typing import Any

from distributed.security import Security


class RenewingSecurity(Security):
    """Dask's own, but with one TLS context for each direction: who connects after a renewal sees the new certificate.

    Args:
        configuration: ``authority``, ``certificate`` and ``key``, all in PEM.
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        certificate, key = configuration["certificate"], configuration["key"]
        super().__init__(
            require_encryption=True,
            tls_min_version=ssl.TLSVersion.TLSv1_3,
            tls_ca_file=configuration["authority"],
            tls_client_cert=certificate,
            tls_client_key=key,
            tls_scheduler_cert=certificate,
            tls_scheduler_key=key,
            tls_worker_cert=certificate,
            tls_worker_key=key,
        )
        self._contexts: dict[str, ssl.SSLContext] = {}

    def get_connection_args(self, role: str) -> dict[str, Any]:
        return self._kept("connect", super().get_connection_args(role))

    def get_listen_args(self, role: str) -> dict[str, Any]:
        return self._kept("listen", super().get_listen_args(role))

    def _kept(self, direction: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {**arguments, "ssl_context": self._contexts.setdefault(direction, arguments["ssl_context"])}

    def renew(self, certificate: str, key: str) -> None:
        """Shows this certificate from now on; connections that are open keep theirs."""
        for role in ("client", "scheduler", "worker"):
            setattr(self, f"tls_{role}_cert", certificate)
            setattr(self, f"tls_{role}_key", key)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "both.pem")
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(certificate + key)
            for context in self._contexts.values():
                context.load_cert_chain(path)
