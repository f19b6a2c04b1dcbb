"""Every status as a small picture of its two sides, drawn from what `match` says of a small example."""

from __future__ import annotations

from html import escape

import pandas as pd

import ttsframe as tts
from ttsframe import columns
from ttsframe.report import exceptions, palette

A, B = "580194009000000001", "580194009000000002"
_PAID = {"financial_status": "paid", "from_tiktok": True}
_WIDTH, _CARD_WIDTH, _CARD_HEIGHT, _GAP, _TOP = 440, 170, 56, 10, 24


def _tiktok(order_id=A, amount=20.0, **more):
    return {
        "order_id": order_id,
        "amount": amount,
        "currency": "USD",
        "status": "Completed",
        "cancelled": False,
        "created_at": "2026-10-05 10:00",
        "paid_at": "2026-10-05 10:01",
        "platform_discount": 0.0,
        **more,
    }


def _shopify(name="#1001", total=20.0, tag=A, **more):
    return {
        "name": name,
        "shopify_id": f"70000000{name[1:]}",
        "total": total,
        "currency": "USD",
        "tiktok_order_id": tag,
        "tiktok_order_id_from": "tag" if tag else None,
        "created_at": "2026-10-05 10:02",
        **_PAID,
        **more,
    }


def _refs(order_id=A, external=None, status="linked", reason=None):
    return {
        "order_id": order_id,
        "external_order_id": external,
        "platform": "SHOPIFY",
        "status": status,
        "reason": reason,
    }


_CANCELLED = {"status": "Cancelled", "cancelled": True, "cancelled_at": "2026-10-05 13:00"}
EXAMPLES = {
    "matched": ([_tiktok()], [_shopify()], None),
    "explained": ([_tiktok(amount=15.0, platform_discount=5.0)], [_shopify()], None),
    "amount_differs": ([_tiktok()], [_shopify(total=23.5)], None),
    "state_differs": ([_tiktok(**_CANCELLED)], [_shopify()], None),
    "duplicate": ([_tiktok()], [_shopify(), _shopify("#1002")], None),
    "conflict": (
        [_tiktok(), _tiktok(B)],
        [_shopify(tag=B)],
        [_refs(external="700000001001"), _refs(B, status="unlinked")],
    ),
    "only_tiktok": ([_tiktok()], [], [_refs(status="unlinked")]),
    "only_shopify": ([], [_shopify()], None),
    "not_expected": ([_tiktok(paid_at=None, **_CANCELLED), _tiktok(B)], [], None),
    "unknown": ([_tiktok()], [], [_refs(status="failed", reason="timeout")]),
    "probable": ([_tiktok()], [_shopify(tag=None)], None),
}
"""By status: the orders of both sides, and what the look-up says."""


def rows_of(status):
    """The rows that `match` gives an example."""
    tiktok, shopify, refs = EXAMPLES[status]
    result = tts.match(
        _frame(tiktok, _tiktok()),
        _frame(shopify, _shopify()),
        None if refs is None else pd.DataFrame(refs),
        probable=status == "probable",
    )
    return result.orders[result.orders["status"] == status]


def _frame(rows, like):
    frame = pd.DataFrame(rows, columns=list(like))
    times = [name for name in frame if name.endswith("_at")]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in times})


def every_status():
    """All pictures, each with its meaning and what to do."""
    meanings = columns.MATCH_STATUSES | columns.MATCH_GUESSED
    return "\n\n".join(_section(status, meaning) for status, meaning in meanings.items())


def _section(status, meaning):
    advice = exceptions.advice(status, None)
    told = f"**Needs review.** {advice}" if advice else "Nothing to do."
    return (
        f"### `{status}` {{ #{status} }}\n\n{meaning[0].upper()}{meaning[1:]}.\n\n{picture(status)}\n\n{told}"
    )


def picture(status):
    """Draw an example: its orders as cards, and a line for each row that joins two."""
    rows = rows_of(status)
    left = _cards(rows, "order_id", ("tiktok_status", "tiktok_amount"))
    right = _cards(rows, "shopify_name", ("financial_status", "shopify_total"))
    height = _TOP + max(len(left), len(right)) * (_CARD_HEIGHT + _GAP)
    parts = [
        '<text class="side" x="0" y="14">TikTok Shop</text>',
        f'<text class="side" x="{_WIDTH}" y="14" text-anchor="end">Shopify</text>',
    ]
    tops = {}
    for x, cards, name in ((0, left, "TikTok"), (_WIDTH - _CARD_WIDTH, right, "Shopify")):
        offset = (height - _TOP - len(cards) * (_CARD_HEIGHT + _GAP)) / 2
        for place, (key, lines) in enumerate(cards.items()):
            y = _TOP + offset + place * (_CARD_HEIGHT + _GAP)
            tops[key] = y + _CARD_HEIGHT / 2
            parts.append(_card(x, y, lines, f"no order on {name}"))
    for row in rows.to_dict("records"):
        one, other = (row[name] if pd.notna(row[name]) else None for name in ("order_id", "shopify_name"))
        if one in left and other in right:
            parts.append(_line(tops[one], tops[other], _word(row["matched_on"])))
    colours = palette.colours([status])[status]
    reason = rows["reason"].iloc[0]
    label = status if pd.isna(reason) else f"{status}: {reason}"
    return (
        f'<figure class="status" style="--hue: {colours.solid}">'
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
        f"<figcaption><code>{escape(label)}</code></figcaption></figure>"
    )


def _cards(rows, key, values):
    """Each order of one side with its lines; None for a side without any."""
    cards = {}
    for row in rows.to_dict("records"):
        state, amount = (row[name] for name in values)
        if pd.notna(row[key]):
            absent = pd.isna(amount) and pd.isna(state)
            cards[row[key]] = None if absent else (_short(row[key]), _word(state), f"{amount:.2f} USD")
    return cards or {None: None}


def _short(key):
    return key if len(key) < 12 else f"{key[:4]}…{key[-3:]}"


def _word(value):
    return str(value).replace("_", " ") if pd.notna(value) else ""


def _card(x, y, lines, absent):
    outline = f'x="{x + 1}" y="{y + 1:g}" width="{_CARD_WIDTH - 2}" height="{_CARD_HEIGHT - 2}" rx="7"'
    if lines is None:
        return (
            f'<rect class="absent" {outline}/><text class="absent" x="{x + _CARD_WIDTH / 2:g}" '
            f'y="{y + _CARD_HEIGHT / 2 + 4:g}" text-anchor="middle">{absent}</text>'
        )
    name, state, amount = map(escape, lines)
    return (
        f'<rect {outline}/><text class="name" x="{x + 12}" y="{y + 23:g}">{name}</text>'
        f'<text x="{x + 12}" y="{y + 43:g}">{state}</text>'
        f'<text x="{x + _CARD_WIDTH - 12}" y="{y + 43:g}" text-anchor="end">{amount}</text>'
    )


def _line(start, end, word):
    dashed = ' class="guess"' if word == "probable" else ""
    return (
        f'<line{dashed} x1="{_CARD_WIDTH}" y1="{start:g}" x2="{_WIDTH - _CARD_WIDTH}" y2="{end:g}"/>'
        f'<text class="link" x="{_WIDTH / 2:g}" y="{(start + end) / 2 + 4:g}" text-anchor="middle">'
        f"{escape(word)}</text>"
    )
