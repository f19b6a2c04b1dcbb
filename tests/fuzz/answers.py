"""Response bodies in both published shapes, and broken in every way, read fresh and from the cache."""

from __future__ import annotations

import copy
import json
from collections import Counter

from fuzz.checks import Wrong
from fuzz.known import tries

from ttsframe import gateway
from ttsframe.cache import CachedResponse, codec
from ttsframe.gateway.errors import decode_json
from ttsframe.gateway.outcomes import Outcome

ORDER_ID = "580194009000000101"
_BODIES = 50
BIG = "@big number@"
_CODES = [0, "0", " 0 ", 0.0, False, True, None, "", -0, "00", 36009002, "36009004", 21008111, 36020001, 105005, 106001,
          36009003, 10**30, -1, [], {}, "x"]  # fmt: skip
_STATUSES = [200, 200, 200, 204, 301, 400, 401, 403, 404, 429, 500, 503, 999, 100]
_MESSAGES = [
    "",
    "Success",
    None,
    5,
    [],
    "Invalid signature",
    "timestamp",
    "`access_token` is bad",
    "app_key",
    "\ud800",
]
_ATOMS = [None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**64, 2**64 + 1, 10**40, BIG, "", " ", "SHOPIFY", "AMAZON",
          "5277000000001", " 5277000000001 ", "#1001", "gid://shopify/Order/5277000000001", [], {}, [None], [[]], {"id": 1},
          ORDER_ID, "é\u2028", "\0", "\ud800", "x" * 2000]  # fmt: skip


def attempt(rng, folder):
    """Read some bodies; all outcomes are values, never exceptions, and the cache tells the same."""
    outcomes = Counter()
    for _ in range(_BODIES):
        http_status = rng.choice(_STATUSES)
        body, linked = _body(rng)
        platform = rng.choice(["SHOPIFY", "SHOPIFY", "AMAZON"]) if linked is None else "SHOPIFY"
        outcomes[_read(http_status, body, platform, linked)] += 1
    return _BODIES, outcomes


def _read(http_status, body, platform, linked):
    content = decode_json(body)
    answer = gateway.decode_references(http_status, content, order_id=ORDER_ID, platform=platform)
    outcome = answer.outcome
    if not isinstance(outcome, Outcome) or outcome.status not in ("linked", "unlinked", "denied", "invalid", "failed"):  # fmt: skip
        raise Wrong(f"an answer has no known status: {outcome} for {body[:300]!r}")
    if outcome.status == "linked" and not all(_is_id(each.external_order_id) for each in outcome.references):
        raise Wrong(f"an answer names no external id: {outcome} for {body[:300]!r}")
    got = [each.external_order_id for each in outcome.references]
    if linked is not None and got != linked:
        raise Wrong(f"an answer is read otherwise: got {got}, want {linked} of {body[:300]!r}")
    _check_cached(http_status, content, platform, outcome, body)
    return outcome.status


def _is_id(text):
    return isinstance(text, str) and text.strip() == text != ""


def _check_cached(http_status, content, platform, outcome, body):
    """What would be cached, encoded and decoded, reads as the fresh answer does."""
    kept = outcome.status in ("linked", "unlinked", "denied") or outcome.reason == "refused_id"
    if not kept:
        return
    row = codec.encode(CachedResponse("https://x/", http_status, content, 1.7e9), expires_at=1.8e9)
    hit = codec.decode(0, row.encode())
    if hit is None:
        raise Wrong(f"a cached answer is not read back: {body[:300]!r}")
    cached = gateway.decode_cached(
        hit.http_status, hit.body, order_id=ORDER_ID, platform=platform, fetched_at=hit.fetched_at
    )
    if cached._replace(fetched_at=None, from_cache=False) != outcome._replace(fetched_at=None):
        raise Wrong(f"a cached answer reads otherwise: {cached} is not {outcome} for {body[:300]!r}")


def _body(rng):
    """A body, and the ids that it links the order to; None where that is not for certain."""
    choice = rng.random()
    if choice < 0.3:
        return _good_body(rng)
    body, _ = _good_body(rng)
    if choice < 0.6:
        return written(mutated(rng, json.loads(body))).encode(), None
    if choice < 0.9:
        return broken(rng, body), None
    depth = rng.choice([10, 200, 900, 1100, 5000, 100_000])
    opening, closing = rng.choice([(b"[", b"]"), (b'{"data":', b"}"), (b'{"external_orders":[', b"]}")])
    return b'{"code":0,"data":' + opening * depth + b"1" + closing * depth + b"}", None


def _good_body(rng):
    entries, ids = [], []
    name = rng.choice(["external_orders", "external_orders", "external_order_references"])
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        digits = (
            str(rng.randrange(10**12, 10**13)) if rng.random() < 0.8 else str(10 ** rng.choice([19, 20, 25]))
        )
        number = int(digits) if len(digits) < 20 or tries("big_answers") else digits
        written = rng.choice([digits, digits, number, f" {digits} ", f"#{digits}"])
        platform = rng.choice(["SHOPIFY", "SHOPIFY", "shopify", "AMAZON", "", None])
        lines = rng.choice([None, [], [{"id": "1", "origin_id": "2"}], [{"id": 1}, {"id": 1}], [{}]])
        entry = {"platform": platform, "line_items": lines}
        key = "external_order_id" if name == "external_order_references" else "id"
        entry[key] = written
        if name == "external_order_references":
            entry["order_id"] = rng.choice([ORDER_ID, int(ORDER_ID), None])
        if rng.random() < 0.1:
            entry["note"] = {"x": [1]}
        entries.append(entry)
        if not platform or platform.upper() == "SHOPIFY":
            ids.append(str(written).strip())
    if rng.random() < 0.1 and tries("null_entries"):
        entries.insert(rng.randrange(len(entries) + 1), None)
    data = {name: entries} if entries or rng.random() < 0.5 else rng.choice([None, {}, {name: None}])
    answer = {
        "code": rng.choice([0, 0, "0"]),
        "message": "Success",
        "request_id": rng.choice(["r1", None, 7]),
    }
    answer["data"] = data
    return json.dumps(answer).encode(), list(dict.fromkeys(ids))


def written(content):
    """JSON text; Python itself would write no number of 5,000 digits."""
    return json.dumps(content).replace(f'"{BIG}"', "9" * 5000)


def mutated(rng, content):
    """Change some values, names and codes of an answer."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        node, path = content, []
        while isinstance(node, (dict, list)) and node and (not path or rng.random() < 0.8):
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            path.append((node, key))
            node = node[key]
        if not path:
            return copy.deepcopy(rng.choice(_ATOMS))
        owner, key = path[-1]
        choice = rng.random()
        if choice < 0.5:
            owner[key] = copy.deepcopy(
                rng.choice(
                    {"code": _CODES, "message": _MESSAGES}.get(key if isinstance(key, str) else "", _ATOMS)
                )
            )
        elif choice < 0.6:
            del owner[key]
        elif choice < 0.7:
            owner[key] = [node, copy.deepcopy(node)]
        elif isinstance(owner, dict):
            owner[rng.choice(["code", "data", "id", "order_id", "platform", "line_items", "external_orders", "origin_id"])] = copy.deepcopy(rng.choice([node, *_ATOMS]))  # fmt: skip
        if isinstance(content, dict) and rng.random() < 0.2:
            content["code"] = copy.deepcopy(rng.choice(_CODES))
    return content


def broken(rng, body):
    """Change the text of a body."""
    body = bytearray(body)
    for _ in range(rng.choice([1, 1, 3])):
        place = rng.randrange(len(body) + 1)
        choice = rng.random()
        if choice < 0.4 and place < len(body):
            body[place] = rng.randrange(256)
        elif choice < 0.6:
            body[place:place] = rng.choice([b"NaN", b"Infinity", b"1e999", b"-", b"null", b"\xff", b",", b'"', b"[" * 99, b"9" * 5000])  # fmt: skip
        elif choice < 0.8:
            del body[place : place + rng.choice([1, 5, 50])]
        else:
            body = bytearray(rng.choice([b"\xef\xbb\xbf" + body, body + body, body[:place], b"", b"<html>", b"\0" * 9, body.decode(errors="replace").encode("utf-16")]))  # fmt: skip
    return bytes(body)
