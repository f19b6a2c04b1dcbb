"""Cached responses, which come by the million, → outcomes."""

from __future__ import annotations

from typing import Any

import msgspec

from ttsframe.gateway.decode import decode_references
from ttsframe.gateway.errors import decode_json
from ttsframe.gateway.outcomes import LineItem, Outcome, Reference

_new = tuple.__new__


class _Line(msgspec.Struct, gc=False):
    id: str | None = None
    origin_id: str | None = None


class _External(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    id: str
    platform: str
    line_items: list[_Line] | None = None


class _Data(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    external_orders: list[_External] | None = None


class _Body(msgspec.Struct, gc=False):
    """The published form of a good response, which nearly all that are cached have."""

    code: int
    data: _Data | None = None
    request_id: str | None = None


_decode_plain = msgspec.json.Decoder(_Body).decode


def decode_cached(
    http_status: int,
    body: Any,  # noqa: ANN401
    *,
    order_id: str,
    platform: str,
    fetched_at: float,
) -> Outcome:
    """Read the JSON of a cached response as `decode_references` would have read it when it was fresh."""
    # The published form is decoded straight into its types, which takes a quarter of the time. Whatever
    # is not exactly that is read with all the care of a fresh one.
    try:
        plain = _decode_plain(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        plain = None
    references = None if plain is None else _plain_references(plain, platform)
    if plain is None or references is None:
        content = decode_json(bytes(body))
        response = decode_references(http_status, content, order_id=order_id, platform=platform)
        return response.outcome._replace(fetched_at=fetched_at, from_cache=True)
    status = "linked" if references else "unlinked"
    # As `Outcome(…)`, in a third of the time.
    return _new(
        Outcome, (status, None, references, None, None, http_status, plain.request_id, fetched_at, True)
    )


def _plain_references(plain: _Body, platform: str) -> tuple[Reference, ...] | None:
    """Return the reference of a plain response, or none; None where it has to be read with care."""
    entries = plain.data.external_orders if plain.data else None
    if plain.code != 0 or (entries and len(entries) > 1):
        return None
    if plain.request_id is not None and not plain.request_id.isprintable():
        return None
    if not entries:
        return ()
    (entry,) = entries
    if entry.platform != platform or entry.id.strip() != entry.id or not entry.id:
        return None
    lines: tuple[LineItem, ...] = ()
    if entry.line_items:
        lines = tuple(dict.fromkeys(LineItem(line.id, line.origin_id) for line in entry.line_items))
    return (_new(Reference, (entry.id, lines)),)
