"""HTTP/1.1 as bytes: a buffer → a request, a response → bytes."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from ttsframe.sandbox.request import Request, Response, read_query

MOST_HEAD_BYTES = 65_536
MOST_BODY_BYTES = 1 << 20


class Received(NamedTuple):
    """A whole request at the head of a buffer."""

    request: Request
    keep_alive: bool
    used_bytes: int


class BadRequestError(Exception):
    """Not an HTTP request that the sandbox takes."""

    def __init__(self, http_status: int) -> None:
        self.http_status = http_status
        super().__init__(HTTPStatus(http_status).phrase)


def read_request(buffer: bytes | bytearray) -> Received | None:
    """Read the first request of a buffer."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0 or end > MOST_HEAD_BYTES:
        if len(buffer) > MOST_HEAD_BYTES:
            raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return None
    lines = buffer[:end].decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
        headers = dict(map(_header, lines[1:]))
        length = int(headers.get("content-length", "0"))
    except ValueError as error:
        raise BadRequestError(HTTPStatus.BAD_REQUEST) from error
    _check_body(headers, length)
    used_bytes = end + 4 + length
    if len(buffer) < used_bytes:
        return None
    path, _, query = target.partition("?")
    body = bytes(buffer[end + 4 : used_bytes])
    keep_alive = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Received(Request(method, path, read_query(query), headers, body), keep_alive, used_bytes)


def response_bytes(response: Response, *, clock: float, keep_alive: bool, with_body: bool) -> bytes:
    """Return a response as it is sent."""
    lines = [
        _status_line(response.http_status),
        f"Date: {_date(int(clock))}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        *([] if keep_alive else ["Connection: close"]),
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    head = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    return head.encode("latin-1") + (response.body if with_body else b"")


def _header(line: str) -> tuple[str, str]:
    name, separator, value = line.partition(":")
    if not separator:
        raise ValueError("a header line without a colon")
    return name.lower(), value.strip()


def _check_body(headers: dict[str, str], length: int) -> None:
    if "transfer-encoding" in headers:
        raise BadRequestError(HTTPStatus.LENGTH_REQUIRED)
    if length < 0:
        raise BadRequestError(HTTPStatus.BAD_REQUEST)
    if length > MOST_BODY_BYTES:
        raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@lru_cache(maxsize=64)
def _status_line(http_status: int) -> str:
    return f"HTTP/1.1 {http_status} {HTTPStatus(http_status).phrase}\r\nServer: ttsframe-sandbox"


@lru_cache(maxsize=4)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
