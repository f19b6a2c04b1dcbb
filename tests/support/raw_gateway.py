"""A gateway that answers every request with given bytes: for answers that no decent server sends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from support.canned_gateway import CREDENTIALS

from ttsframe.config import Settings
from ttsframe.references.shop import Shop


class Raw:
    """What was asked, and where."""

    def __init__(self, port):
        self.base_url = f"http://127.0.0.1:{port}"
        self.requests = []

    def shop(self, folder, **settings):
        return Shop(CREDENTIALS, Settings(base_url=self.base_url, cache=folder / "raw.sqlite", **settings))


def answer(body, *, status="200 OK", headers=""):
    """The bytes of an answer."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


@contextlib.contextmanager
def raw_gateway(*pieces, pause_seconds=0.0):
    """Answer every request with the same pieces of bytes; a piece may be a function of the request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Raw(listening.getsockname()[1])

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection):
            with connection, contextlib.suppress(OSError):
                while request := connection.recv(65_536):
                    served.requests.append(request)
                    for piece in pieces:
                        connection.sendall(piece(request) if callable(piece) else piece)
                        time.sleep(pause_seconds)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield served
        # Wakes the thread that accepts, which closing alone does not.
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
