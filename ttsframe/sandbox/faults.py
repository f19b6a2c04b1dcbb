"""Faults: which request gets one, and what its answer looks like."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ttsframe.sandbox.errors import INTERNAL, TABLE, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttsframe.sandbox.behaviour import Faults
    from ttsframe.sandbox.request import Response

UNANSWERED = frozenset({"reset", "hang"})
"""Faults without any answer: the connection breaks, or stays silent."""

_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain"
_OVERSIZED_BYTES = 1_200_000
_DEEP_LEVELS = 100_000
_ELSEWHERE = "https://elsewhere.example.com/order"


class FaultInjector:
    """Chooses which tries of which orders get a fault, the same whatever order they come in."""

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}
        self._in_a_row: dict[str, int] = {}

    def pick(self, faults: Faults, subject: str) -> str | None:
        """Choose the fault of one more try."""
        if not faults.fault_share:
            return None
        tries = self._tries[subject] = self._tries.get(subject, 0) + 1
        digest = hashlib.blake2b(f"{faults.fault_seed} {subject} {tries}".encode(), digest_size=8).digest()
        in_a_row = self._in_a_row.get(subject, 0)
        bound = faults.faults_in_a_row
        # Six bytes are the share, the others choose: two draws that do not depend on each other.
        if int.from_bytes(digest[:6]) >= faults.fault_share * 2**48 or (
            bound is not None and in_a_row >= bound
        ):
            self._in_a_row.pop(subject, None)
            return None
        self._in_a_row[subject] = in_a_row + 1
        return faults.fault_kinds[int.from_bytes(digest[6:]) % len(faults.fault_kinds)]


def inject(response: Response, kind: str) -> Response:
    """Turn a good answer into a fault."""
    response = response._replace(outcome=kind)
    return _FAULTS[kind](response) if kind in _FAULTS else response


def _http_500(response: Response) -> Response:
    return response._replace(http_status=500, code=None, body=b"Internal Server Error", content_type=_TEXT)


def _internal(response: Response, http_status: int) -> Response:
    message = (TABLE[INTERNAL].message + TAIL).encode()
    body = b'{"code":%d,"message":"%s","request_id":"sandbox-fault"}' % (INTERNAL, message)
    return response._replace(http_status=http_status, code=INTERNAL, body=body)


def _html_503(response: Response) -> Response:
    body = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
    return response._replace(http_status=503, code=None, body=body, content_type=_HTML)


def _cut_json(response: Response) -> Response:
    return response._replace(code=None, body=response.body[: max(1, len(response.body) * 2 // 3)])


def _empty(response: Response) -> Response:
    return response._replace(code=None, body=b"")


def _wrong_type(response: Response) -> Response:
    return response._replace(code=None, body=b"\x00\xff<p>\xfe not what you asked for", content_type=_HTML)


def _plain_429(response: Response) -> Response:
    return response._replace(http_status=429, code=None, body=b"Too Many Requests", content_type=_TEXT)


def _oversized(response: Response) -> Response:
    padding = b" " * _OVERSIZED_BYTES
    return response._replace(body=response.body[:-1] + padding + response.body[-1:])


def _deep(response: Response) -> Response:
    body = b'{"code":0,"message":"Success","data":' + b"[" * _DEEP_LEVELS + b"]" * _DEEP_LEVELS + b"}"
    return response._replace(body=body)


def _redirect(response: Response) -> Response:
    return response._replace(http_status=302, code=None, body=b"", headers=(("Location", _ELSEWHERE),))


_FAULTS: dict[str, Callable[[Response], Response]] = {
    "http_500": _http_500,
    "envelope_500": lambda response: _internal(response, 500),
    "envelope_200": lambda response: _internal(response, 200),
    "html_503": _html_503,
    "cut_json": _cut_json,
    "empty": _empty,
    "wrong_type": _wrong_type,
    "plain_429": _plain_429,
    "oversized": _oversized,
    "deep": _deep,
    "redirect": _redirect,
}
