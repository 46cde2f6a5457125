"""Dask's scheduler, as the control plane runs it: ``python -m cluster_ai.scheduler``.

Told by its first line of standard input, it speaks lines of JSON and ends when its input does.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import json
import os
import sys
from typing import Any

from . import sandbox
from .lines import LONGEST_LINE, Teller, read_first_line, take_standard_output

SECRET_HEADER = "X-Cluster-AI-Dashboard"


def settings(configuration: dict[str, Any]) -> dict[str, Any]:
    """What the cluster asks of Dask, beyond its defaults."""
    is_fast = configuration["profile"] == "fast"
    return {
        "distributed.scheduler.allowed-failures": configuration["allowedFailures"],
        "distributed.scheduler.no-workers-timeout": f"{configuration['noWorkersTimeoutSeconds']}s",
        # the default keeps tasks back so that a worker's memory is not filled; `inf` hands them all out, for many tiny ones
        "distributed.scheduler.worker-saturation": "inf" if is_fast else 1.1,
        "distributed.scheduler.dashboard.bokeh-application.allow_websocket_origin": [],
        "distributed.comm.require-encryption": True,
        "distributed.comm.timeouts.connect": "10s",
        "distributed.diagnostics.computations.nframes": 0,
        "distributed.admin.system-monitor.gil.enabled": False,
    }


async def serve(configuration: dict[str, Any], tell: Teller) -> int:
    import dask

    dask.config.set(settings(configuration))
    import distributed
    from tornado import web

    from .security import RenewingSecurity

    secret = configuration["dashboardSecret"].encode()

    class Scheduler(distributed.Scheduler):  # type: ignore[misc]
        """Its pages show code and data of all tasks, and any user of this machine can dial them: only who knows the secret gets one."""

        def start_http_server(self, *args: Any, **kwargs: Any) -> None:
            super().start_http_server(*args, **kwargs)
            application = self.http_application
            find_handler = application.find_handler

            def find_for_us(request: Any, **kwargs: Any) -> Any:
                sent = request.headers.get(SECRET_HEADER, "").encode()
                if hmac.compare_digest(sent, secret):
                    return find_handler(request, **kwargs)
                return application.get_handler_delegate(request, web.ErrorHandler, {"status_code": 403})

            application.find_handler = find_for_us

    security = RenewingSecurity(configuration)
    try:
        scheduler = Scheduler(
            protocol="tls",
            host=configuration["host"],
            port=configuration["port"],
            security=security,
            dashboard=True,
            dashboard_address=f"127.0.0.1:{configuration['dashboardPort']}",
            http_prefix=configuration["dashboardPrefix"],
        )
        await scheduler
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        tell(type="failed", code="port_taken" if is_taken else "scheduler_crashed", message=str(error))
        return 1
    tell(type="ready", port=scheduler.port, dashboardPort=scheduler.http_server.port, sandbox=tell.sandbox)
    await obey(security)
    await scheduler.close(reason="the control plane ended it")
    return 0


async def obey(security: Any) -> None:
    """Takes renewed certificates, until standard input ends."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        if order.get("type") == "certificate":
            security.renew(order["certificate"], order["key"])


def lock_in(configuration: dict[str, Any]) -> str:
    """The scheduler unpickles what anybody with a certificate sends, so the keys of this machine must be out of its reach."""
    scratch = configuration["scratch"]
    return sandbox.enter(configuration["modules"], [scratch], owned=scratch, forbidden=configuration["forbidden"])


def main() -> None:
    tell = Teller(take_standard_output())
    configuration = read_first_line()
    if configuration is None:
        return
    try:
        tell.sandbox = lock_in(configuration)
    except (sandbox.SandboxError, OSError) as error:
        tell(type="failed", code="no_sandbox", message=str(error))
        sys.exit(1)
    code = asyncio.run(serve(configuration, tell))
    sys.stderr.flush()
    os._exit(code)  # threads that still draw pages need not be waited for


if __name__ == "__main__":
    main()
