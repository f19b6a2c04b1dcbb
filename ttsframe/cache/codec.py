"""The form of a stored answer: JSON text that requests-cache opens as a response.

Nothing is ever unpickled or evaluated: what is not JSON of this form is no answer, and is
asked for again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

_new = tuple.__new__
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CachedResponse(NamedTuple):
    """An answer as the gateway gave it, with what could tell a secret left out."""

    url: str
    """Address of the order and platform, without the parameters of the signature."""
    http_status: int
    content: Any
    """The decoded body."""
    fetched_at: float
    """Unix seconds."""


def encode(stored: CachedResponse, *, expires_at: float) -> str:
    """Write an answer as requests-cache's JSON serializer would, with no field it can do without.

    Parameters
    ----------
    stored
        The answer.
    expires_at
        Unix seconds.

    Returns
    -------
    str
        JSON.

    Raises
    ------
    TypeError, ValueError, OverflowError, RecursionError
        If the body is nested too deep, or a moment is none.
    """
    row = {
        "_decoded_content": stored.content,
        "created_at": _iso(stored.fetched_at),
        "expires": _iso(expires_at),
        "headers": {"Content-Type": "application/json"},
        "status_code": stored.http_status,
        "url": stored.url,
    }
    return msgspec.json.encode(row).decode()


class Hit(NamedTuple):
    """A stored answer, and the place of its key among those asked for."""

    place: int
    http_status: int
    body: msgspec.Raw
    """The body, JSON; bytes for whoever reads it."""
    fetched_at: float
    """Unix seconds."""


class _Row(msgspec.Struct, gc=False):
    """What is read of a row; the rest is there for requests-cache."""

    status_code: int
    created_at: datetime
    content: msgspec.Raw = msgspec.field(name="_decoded_content")


_decode = msgspec.json.Decoder(_Row).decode


def decode(place: int, value: bytes) -> Hit | None:
    """Read a row.

    Parameters
    ----------
    place
        The place of its key among those asked for.
    value
        The `value` of the row.

    Returns
    -------
    Hit
        None where the row is not of our form.
    """
    try:
        row = _decode(value)
        if not 100 <= row.status_code <= 999:  # noqa: PLR2004 - three digits
            return None
        # As `Hit(…)`, in a third of the time: rows come by the million.
        return _new(Hit, (place, row.status_code, row.content, row.created_at.timestamp()))
    # ValueError: text that is not UTF-8, or a year without a moment.
    except (msgspec.DecodeError, ValueError, OverflowError, OSError, RecursionError):
        return None


def _iso(moment_seconds: float) -> str:
    # Rounded as frames round it: `fromtimestamp` would differ by a microsecond now and then.
    return (_EPOCH + timedelta(microseconds=round(moment_seconds * 1e6))).isoformat()
