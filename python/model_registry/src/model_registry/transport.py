"""HTTP with what the standard library has: one connection per request, bodies as streams."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from .errors import RegistryError, to_error
from .locate import Place

PREFIX = "/api/v1/registry"
TIMEOUT_SECONDS = 60
LONGEST_ANSWER = 64 * 1024 * 1024


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def path_of(*parts: str) -> str:
    """Each part is one segment, whatever is in it."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _trusting(place: Place) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for pem in place.authorities:
        context.load_verify_locations(cadata=pem)
    return context


def _connect(place: Place) -> http.client.HTTPConnection:
    address = urlsplit(place.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise RegistryError("invalid_request", f'"{place.url}" is no address of a cluster.', "It looks like http://127.0.0.1:3000.")
    if address.scheme == "https":
        return http.client.HTTPSConnection(address.hostname, address.port, timeout=TIMEOUT_SECONDS, context=_trusting(place))
    return http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_SECONDS)


class Transport:
    """Requests to one cluster, to its registry unless another prefix is named. Raises ``ClusterError``; connections that break raise
    ``not_running``."""

    def __init__(self, place: Place, prefix: str = PREFIX) -> None:
        self._place = place
        self._prefix = prefix

    @contextmanager
    def open(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | Readable | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = _connect(self._place)
        sent = {"accept": "application/json", **(headers or {})}
        if self._place.key:
            sent["authorization"] = f"Bearer {self._place.key}"
        try:
            connection.request(method, urlsplit(self._place.url).path + self._prefix + path, body=body, headers=sent)
            response = connection.getresponse()
            if response.status >= 300:
                raise to_error(response.status, response.read(LONGEST_ANSWER))
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(
                "not_running",
                f"The cluster at {self._place.url} does not answer ({error}).",
                "See `cluster-ai status`.",
            ) from error
        finally:
            connection.close()

    def call(self, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None) -> Any:
        """JSON in, JSON out; ``None`` for an answer without a body. Query values that are ``None`` are left out."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"content-type": "application/json"}
        with self.open(method, path + (f"?{urlencode(given)}" if given else ""), headers, data) as response:
            answer = response.read(LONGEST_ANSWER)
        return json.loads(answer) if answer else None
