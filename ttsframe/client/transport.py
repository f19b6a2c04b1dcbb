"""One request out, one response in: the only module that imports requests.

Requests are prepared by hand and go straight to the adapter: cookies, `.netrc` and redirects
must play no part, and preparing through `requests.Session` costs more than sending.

Why an answer cannot reach another order, although it does not always name its own:

1. HTTP/1.1 sends the responses of a connection in the order of its requests.
2. A connection carries one request at a time: it is taken out of the pool before the request is sent.
3. It goes back to the pool only when the response has been read to its last byte.
4. A response that is not read to its end closes its connection: one over 1 MiB, cut short or malformed.
5. So does a time-out, whether of one read or of the whole request, and an interrupt such as Ctrl-C.
6. A late answer therefore comes to a closed connection, and nobody reads it.
7. A connection on which bytes wait before a request is sent is closed and opened anew.
8. What a peer sends behind a response, in the same packet, is dropped with that response.
9. The worker that sent the request reads the response and files it under that worker's own key.
10. A forked child opens its own connections; it neither uses nor shuts down those of its parent.

A request has one deadline from connecting to the last byte: before each read the socket's time-out
becomes what is left of it. A name look-up and each address of the host have their own limits.
"""

from __future__ import annotations

import email.utils
import http.client
import io
import logging
import math
import os
import queue
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from ttsframe.gateway import MAX_BYTES
from ttsframe.gateway.signing import redact

if TYPE_CHECKING:
    import socket

CONNECT_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 3600.0
"""The longest `Retry-After` that is believed."""
_CHUNK_BYTES = 1 << 16
_DROPPED = (ConnectionResetError, BrokenPipeError)
# Each prints addresses, and a filter of a logger does not hold for those below it.
_URLLIB3_LOGGERS = ("connectionpool", "connection", "poolmanager", "response", "util.retry")
_CURRENT = threading.local()
"""The deadline of the request that this thread sends."""
HttpSession = requests.Session


class Response(NamedTuple):
    """What came back."""

    http_status: int
    body: bytes
    date_seconds: float | None
    """The gateway's clock (header `Date`), Unix seconds."""
    retry_after_seconds: float | None


class TransportError(Exception):
    """There is no response; the message holds no address, since that holds the signature."""

    def __init__(
        self, reason: str, message: str, *, unreachable: bool = False, dropped: bool = False
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.unreachable = unreachable
        """The host refused the connection or is not known: nothing was sent."""
        self.dropped = dropped
        """The connection was closed before a byte of an answer, as gateways do with idle ones."""


class Transport:
    """Connections to one host, shared by the threads of a process; a forked child opens its own.

    A `session` lends its adapters, proxies and certificates; nothing else of it is used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float,
        max_connections: int,
        session: HttpSession | None = None,
    ) -> None:
        self.base_url = base_url
        self._timeout_seconds = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        self._is_lent = session is not None
        if session is None:
            session = requests.Session()
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=max_connections, max_retries=0)
            session.mount(base_url, adapter)
        self._adapter = session.get_adapter(base_url)
        if isinstance(self._adapter, HTTPAdapter):
            _guard(self._adapter)
        # The environment's proxies and certificates, read once: requests reads them for each request. The
        # session's own authorities are given as the request's, or REQUESTS_CA_BUNDLE would replace them.
        environment = session.merge_environment_settings(base_url, {}, None, session.verify, None)
        self._environment: dict[str, Any] = {
            name: environment[name] for name in ("verify", "cert", "proxies")
        }
        for name in _URLLIB3_LOGGERS:
            logging.getLogger(f"urllib3.{name}").addFilter(_redact_record)

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """Send one request; return the response, whatever its status, or raise TransportError.

        All of it, from connecting to the last byte, has twice the time-out.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, self.base_url + target, body or None
        request.headers = CaseInsensitiveDict(headers)
        _CURRENT.deadline = time.monotonic() + 2 * self._timeout_seconds[1]
        try:
            response = self._adapter.send(
                request, stream=True, timeout=self._timeout_seconds, **self._environment
            )
            with response:
                date_seconds = _date_seconds(response.headers.get("Date"))
                return Response(
                    response.status_code,
                    _read(response),
                    date_seconds,
                    _retry_after_seconds(response.headers.get("Retry-After"), now_seconds=date_seconds),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            transport_error = _transport_error(error, self._timeout_seconds[1])
        finally:
            del _CURRENT.deadline
        # Outside the handler, so that no context leads to the address.
        raise transport_error

    def close(self) -> None:
        """Close the connections that are not in use; those of a lent session are its owner's to close."""
        if not self._is_lent:
            self._adapter.close()


def _guard(adapter: Any) -> None:  # noqa: ANN401
    """Make an adapter's connections keep the deadline of a request, and stay in their process."""
    if "get_connection_with_tls_context" in vars(adapter):
        return
    connect = adapter.get_connection_with_tls_context
    process = [os.getpid()]

    def guarded(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        if process[0] != os.getpid():
            # As unpickling does: new pools, and new locks in them. The parent's are left alone.
            adapter.__setstate__(adapter.__getstate__())
            process[0] = os.getpid()
        pool = connect(*arguments, **options)
        if not isinstance(pool.pool, _IdleConnections):
            members = {"response_class": _DeadlineResponse}
            pool.ConnectionCls = type("Connection", (pool.ConnectionCls,), members)
            pool.pool = _IdleConnections()
        return pool

    adapter.get_connection_with_tls_context = guarded


class _IdleConnections:
    """The idle connections of a pool, last in, first out; urllib3 takes it for a queue.

    It has no lock: a fork could catch one in the hands of a thread that the child does not have.
    """

    def __init__(self) -> None:
        self._connections: list[Any] = []
        weakref.finalize(self, _close_all, self._connections)

    def get(self, block: bool = False, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002
        """Return a connection; raise queue.Empty if there is none."""
        try:
            return self._connections.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, connection: Any, block: bool = False, timeout: float | None = None) -> None:  # noqa: ANN401, ARG002, FBT001, FBT002
        """Keep a connection for the next request."""
        if connection is not None:
            self._connections.append(connection)

    def qsize(self) -> int:
        """Return how many there are."""
        return len(self._connections)


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """A response, also that of a proxy, of which each piece is read before the deadline of its request."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _DeadlineReader(io.RawIOBase):
    """Reads a socket; a peer that sends a byte now and then gets no more time for it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._timeout_seconds = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401
        left_seconds = _CURRENT.deadline - time.monotonic()
        if left_seconds <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._timeout_seconds or left_seconds, left_seconds))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _read(response: requests.Response) -> bytes:
    """Read a body of at most 1 MiB, after decompression; then the connection can be used again."""
    raw = response.raw
    raw.decode_content = True
    body = b""
    while piece := raw.read1(_CHUNK_BYTES):
        body += piece
        if len(body) > MAX_BYTES:
            raw.close()
            raise TransportError("bad_answer", "an answer over 1 MiB was refused")
    return body


def _transport_error(error: Exception, timeout_seconds: float) -> TransportError:  # noqa: PLR0911 - a table
    """Name what happened without the address that requests puts into its messages."""
    chain = list(_causes(error))
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in chain):
        return TransportError("network", "the host name is not known", unreachable=True)
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return TransportError("network", "the connection was refused", unreachable=True)
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError("network", "the secure connection failed (certificate or proxy)")
    if any(
        isinstance(cause, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError))
        for cause in chain
    ):
        return TransportError("timeout", f"no answer within {timeout_seconds:g} s")
    if any(isinstance(cause, urllib3.exceptions.IncompleteRead) for cause in chain):
        return TransportError("bad_answer", "the answer was cut short")
    if any(isinstance(cause, urllib3.exceptions.DecodeError) for cause in chain):
        return TransportError("bad_answer", "the answer could not be decompressed")
    # urllib3 says "aborted" where nothing of an answer had come.
    dropped = any(isinstance(cause, _DROPPED) for cause in chain) and "aborted" in str(error).lower()
    return TransportError("network", f"the connection failed ({type(chain[-1]).__name__})", dropped=dropped)


def _causes(error: BaseException) -> Any:  # noqa: ANN401
    """The error, and what urllib3 and requests wrapped into it."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop(0)
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return seen


def _date_seconds(header: str | None) -> float | None:
    if not header:
        return None
    try:
        return email.utils.parsedate_to_datetime(header).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _retry_after_seconds(header: str | None, *, now_seconds: float | None) -> float | None:
    """Seconds, or a date by the gateway's own clock; None where it says neither."""
    if not header:
        return None
    try:
        wait_seconds = float(header)
    except ValueError:
        date_seconds = _date_seconds(header)
        wait_seconds = math.nan if date_seconds is None else date_seconds - (now_seconds or time.time())
    return min(MAX_RETRY_AFTER_SECONDS, max(0.0, wait_seconds)) if math.isfinite(wait_seconds) else None


def _redact_record(record: logging.LogRecord) -> bool:
    """Keep signatures and ciphers out of urllib3's debug log, which prints whole paths."""
    record.msg, record.args = redact(record.getMessage()), ()
    return True
