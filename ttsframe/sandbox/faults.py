"""Faults: which request is spoilt, and what a spoilt answer looks like."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ttsframe.sandbox.refusals import INTERNAL, TABLE, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttsframe.sandbox.behaviour import Faults
    from ttsframe.sandbox.request import Reply

UNANSWERED = frozenset({"reset", "hang"})
"""Faults without any answer: the wire breaks, or stays silent."""

_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain"
_OVERSIZED_BYTES = 1_200_000
_DEEP_LEVELS = 100_000
_ELSEWHERE = "https://elsewhere.example.com/order"


class FaultInjector:
    """Says which tries of which orders are spoilt, the same whatever order they come in."""

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


def inject(reply: Reply, kind: str) -> Reply:
    """Turn a good answer into a fault."""
    spoilt = reply._replace(outcome=kind)
    return _SPOIL[kind](spoilt) if kind in _SPOIL else spoilt


def _http_500(reply: Reply) -> Reply:
    return reply._replace(http_status=500, code=None, body=b"Internal Server Error", content_type=_TEXT)


def _internal(reply: Reply, http_status: int) -> Reply:
    message = (TABLE[INTERNAL].message + TAIL).encode()
    body = b'{"code":%d,"message":"%s","request_id":"sandbox-fault"}' % (INTERNAL, message)
    return reply._replace(http_status=http_status, code=INTERNAL, body=body)


def _html_503(reply: Reply) -> Reply:
    body = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
    return reply._replace(http_status=503, code=None, body=body, content_type=_HTML)


def _cut_json(reply: Reply) -> Reply:
    return reply._replace(code=None, body=reply.body[: max(1, len(reply.body) * 2 // 3)])


def _empty(reply: Reply) -> Reply:
    return reply._replace(code=None, body=b"")


def _wrong_type(reply: Reply) -> Reply:
    return reply._replace(code=None, body=b"\x00\xff<p>\xfe not what you asked for", content_type=_HTML)


def _plain_429(reply: Reply) -> Reply:
    return reply._replace(http_status=429, code=None, body=b"Too Many Requests", content_type=_TEXT)


def _oversized(reply: Reply) -> Reply:
    padding = b" " * _OVERSIZED_BYTES
    return reply._replace(body=reply.body[:-1] + padding + reply.body[-1:])


def _deep(reply: Reply) -> Reply:
    body = b'{"code":0,"message":"Success","data":' + b"[" * _DEEP_LEVELS + b"]" * _DEEP_LEVELS + b"}"
    return reply._replace(body=body)


def _redirect(reply: Reply) -> Reply:
    return reply._replace(http_status=302, code=None, body=b"", headers=(("Location", _ELSEWHERE),))


_SPOIL: dict[str, Callable[[Reply], Reply]] = {
    "http_500": _http_500,
    "envelope_500": lambda reply: _internal(reply, 500),
    "envelope_200": lambda reply: _internal(reply, 200),
    "html_503": _html_503,
    "cut_json": _cut_json,
    "empty": _empty,
    "wrong_type": _wrong_type,
    "plain_429": _plain_429,
    "oversized": _oversized,
    "deep": _deep,
    "redirect": _redirect,
}
