"""The form of a cached response: the JSON text of requests-cache's own serializer.

Nothing is ever unpickled or evaluated: what is not JSON of this form is no response, and is
requested again.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

_new = tuple.__new__
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CachedResponse(NamedTuple):
    """A response as the gateway gave it, without anything that could tell a secret."""

    url: str
    """Address of the order and platform, without the parameters of the signature."""
    http_status: int
    content: Any
    """The decoded body."""
    fetched_at: float
    """Unix seconds."""


def encode(response: CachedResponse, *, expires_at: float) -> str:
    """Write a response as requests-cache would; raises where the body is nested too deep."""
    row = _empty_row() | {
        "_decoded_content": response.content,
        "created_at": _iso(response.fetched_at),
        "expires": _iso(expires_at),
        "status_code": response.http_status,
        "url": response.url,
    }
    return msgspec.json.encode(row).decode()


def load() -> None:
    """Load requests-cache, and write a first response."""
    _empty_row()


@functools.lru_cache(maxsize=1)
def _empty_row() -> dict[str, Any]:
    """Let requests-cache write one response: it knows the form, and takes 0.3 ms for each."""
    from requests_cache.models.response import CachedResponse as Response  # noqa: PLC0415 - slow to load

    headers: Any = {"Content-Type": "application/json"}
    response = Response(content=b"{}", status_code=200, url="https://", headers=headers)
    row: dict[str, Any] = msgspec.json.decode(_serializer().dumps(response))
    return row


def _serializer() -> Any:  # noqa: ANN401
    import requests_cache  # noqa: PLC0415 - slow to load, and needed only for writing

    return requests_cache.init_serializer("json", decode_content=True)


class Hit(NamedTuple):
    """A cached response, and the position of its key among those asked for."""

    position: int
    http_status: int
    body: msgspec.Raw
    """The body, JSON; bytes for whoever reads it."""
    fetched_at: float
    """Unix seconds."""
    url: str
    """The address that it answers: a damaged index can lead to another order's row."""


class _Row(msgspec.Struct, gc=False):
    """What is read of a row; the rest is there for requests-cache."""

    status_code: int
    created_at: datetime
    url: str
    content: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="_decoded_content", default=msgspec.UNSET)


_decode = msgspec.json.Decoder(_Row).decode


def decode(position: int, value: bytes) -> Hit | None:
    """Read a row; None where it is not in the form of requests-cache, or holds no JSON."""
    try:
        row = _decode(value)
        if not 100 <= row.status_code <= 999:  # noqa: PLR2004 - three digits
            return None
        body = _encoded_body(value) if row.content is msgspec.UNSET else row.content
        if not body:
            return None
        # As `Hit(…)`, in a third of the time: rows come by the million.
        return _new(Hit, (position, row.status_code, body, row.created_at.timestamp(), row.url))
    # ValueError: text that is not UTF-8, or a year without a moment.
    except (msgspec.DecodeError, ValueError, OverflowError, OSError, RecursionError):
        return None


def _encoded_body(value: bytes) -> msgspec.Raw | None:
    """Read the body of a row that requests-cache wrote with its default options: in base64."""
    try:
        content = _serializer().loads(value.decode()).content
    except Exception:  # noqa: BLE001 - whatever it raises, the row is no response
        return None
    return msgspec.Raw(content) if content else None


def _iso(moment_seconds: float) -> str:
    # Rounded as frames round it: `fromtimestamp` would differ by a microsecond now and then.
    return (_EPOCH + timedelta(microseconds=round(moment_seconds * 1e6))).isoformat()
