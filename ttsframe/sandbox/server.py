"""The server of the sandbox: connections on the loopback, served by a thread of its own."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ttsframe.errors import SettingsError
from ttsframe.sandbox.faults import UNANSWERED
from ttsframe.sandbox.http import BadRequestError, Received, read_request, response_bytes
from ttsframe.sandbox.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttsframe.sandbox.gateway import Gateway

HOST = "127.0.0.1"
_LAST_PORT = 65_535
_BACKLOG = 1024
_MOST_UNREAD_BYTES = 1 << 21


class Entry(NamedTuple):
    """One request and what became of it."""

    time: float
    """When it arrived: Unix seconds of this machine's clock."""
    operation: str
    """`get_references`, `search_by_reference`, `search_orders`, `shops`, `refresh`, `home`, or
    `unknown`."""
    order_id: str | None
    platform: str | None
    http_status: int | None
    """None where nothing was answered."""
    code: int | None
    """The code of the envelope; None where there was none."""
    outcome: str
    """`good` (an answer, also that the order is refused: 21008111, 36020001), `throttled`,
    `error`, `gone` (the client left before the answer), or the kind of the fault."""
    connection: int
    """Connections are numbered from 1."""


class Server:
    """Serves a gateway until it is closed."""

    def __init__(self, gateway: Gateway, log: list[Entry] | None, *, port: int) -> None:
        self.gateway = gateway
        self.log = log
        self.connections: set[_Connection] = set()
        self.opened = 0
        self._socket = _bind(port)
        self.port: int = self._socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="ttsframe-sandbox", daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401
        """Run a function between two requests, and wait for it."""
        done = threading.Event()

        def run() -> None:
            function(*arguments)
            done.set()

        self.loop.call_soon_threadsafe(run)
        done.wait()

    def close(self) -> None:
        """Drop every connection, free the port and end the thread."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.close()

    async def _serve(self) -> None:
        listening = await self.loop.create_server(
            lambda: _Connection(self), sock=self._socket, backlog=_BACKLOG
        )
        await self._stop.wait()
        listening.close()
        # Some may be accepted and not made yet: each of them is a task of the loop.
        while self.connections or len(asyncio.all_tasks()) > 1:
            for connection in tuple(self.connections):
                connection.abort()
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # the sockets are closed a turn after their connections are lost


class _Connection(asyncio.Protocol):
    """One connection: a request at a time, answered in the order they came."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._unread = bytearray()
        self._busy = False
        self._number = 0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # asyncio does so only for sockets that name their protocol; without it answers wait for 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.connections.add(self)
        self._server.opened += 1
        self._number = self._server.opened

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how it ended does not matter
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > _MOST_UNREAD_BYTES:
            self._transport.pause_reading()
        self._advance()

    def abort(self) -> None:
        """Drop the connection with a reset."""
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def _advance(self) -> None:
        """Answer what is whole; while an answer is due, later requests wait."""
        while self._unread and not self._busy and not self._transport.is_closing():
            if not self._serve_next():
                break
        if not (self._busy or self._transport.is_reading() or self._transport.is_closing()):
            self._transport.resume_reading()

    def _serve_next(self) -> bool:
        """Answer the first request, if it is whole."""
        try:
            received = read_request(self._unread)
        except BadRequestError as error:
            self._refuse(error)
            return False
        if received is None:
            return False
        del self._unread[: received.used_bytes]
        self._serve(received)
        return True

    def _refuse(self, error: BadRequestError) -> None:
        response = Response(
            "unknown", error.http_status, str(error).encode(), "error", content_type="text/plain"
        )
        self._send(response, time.time(), keep_alive=False, with_body=True)

    def _serve(self, received: Received) -> None:
        arrived = time.time()
        gateway = self._server.gateway
        response = gateway.answer(received.request, arrived)
        behaviour = gateway.behaviour
        wait_seconds = behaviour.latency_seconds
        if behaviour.jitter_seconds:
            wait_seconds += random.uniform(0, behaviour.jitter_seconds)  # noqa: S311 - not a secret
        with_body = received.request.method != "HEAD"
        if wait_seconds:
            self._busy = True
            self._server.loop.call_later(
                wait_seconds, self._send_late, response, arrived, received.keep_alive, with_body
            )
        else:
            self._send(response, arrived, keep_alive=received.keep_alive, with_body=with_body)

    def _send_late(self, response: Response, arrived: float, keep_alive: bool, with_body: bool) -> None:  # noqa: FBT001
        self._busy = False
        self._send(response, arrived, keep_alive=keep_alive, with_body=with_body)
        self._advance()

    def _send(self, response: Response, arrived: float, *, keep_alive: bool, with_body: bool) -> None:
        if self._transport.is_closing():
            self._log(response._replace(outcome="gone"), arrived)
            return
        self._log(response, arrived)
        if response.outcome in UNANSWERED:
            # Silent until the client gives up, or broken at once.
            self._busy = True
            if response.outcome == "reset":
                self.abort()
            return
        clock = self._server.gateway.clock(time.time())
        sent = response_bytes(response, clock=clock, keep_alive=keep_alive, with_body=with_body)
        if response.outcome == "truncated":
            keep_alive = False
            sent = sent[: -max(1, len(response.body) // 2)]
        self._transport.write(sent)
        if not keep_alive:
            self._transport.close()

    def _log(self, response: Response, arrived: float) -> None:
        if self._server.log is None:
            return
        unanswered = response.outcome in UNANSWERED
        self._server.log.append(
            Entry(
                arrived,
                response.operation,
                response.order_id,
                response.platform,
                None if unanswered else response.http_status,
                None if unanswered else response.code,
                response.outcome,
                self._number,
            )
        )


def _bind(port: int) -> socket.socket:
    why = "" if 0 <= port <= _LAST_PORT else f"ports go from 0 to {_LAST_PORT}"
    try:
        if not why:
            return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as error:
        why = error.strerror or str(error)
    raise SettingsError(
        f"the sandbox cannot listen on port {port}: {why}. Choose another, or 0 for a free one."
    )
