"""Cache files that are damaged or another program's, and rows of every form, through `lookup(offline=True)`."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
import time
from collections import Counter

import requests_cache
from fuzz.answers import broken, mutated, written
from fuzz.checks import Wrong, none_if_missing
from fuzz.frames import shop_of

import ttsframe as tts
from ttsframe.cache import Cache, CachedResponse, key
from ttsframe.config import BASE_URL
from ttsframe.errors import CacheError

_ROWS = 120
_IDS = [f"58019400900000{row:03}1" for row in range(_ROWS)]
_EXTERNAL = {order_id: f"52770000{row:03}11" for row, order_id in enumerate(_IDS)}
_ALIEN = [
    "CREATE TABLE t (x)", "CREATE VIEW v AS SELECT * FROM responses", "DROP TABLE responses",
    "CREATE TRIGGER g AFTER INSERT ON responses BEGIN DELETE FROM responses; END", "DROP TABLE redirects",
    "PRAGMA application_id = 7", "PRAGMA user_version = 99", "ALTER TABLE responses ADD COLUMN y",
    "DROP INDEX expires_idx", "CREATE INDEX i ON responses(value)", "ALTER TABLE responses RENAME TO r",
    "PRAGMA journal_mode = DELETE", "VACUUM", "DELETE FROM responses", "PRAGMA writable_schema = 1",
]  # fmt: skip


def attempt(rng, folder):
    """Try one file; the file of a refused cache stays byte for byte as it was."""
    folder = folder / "cache"
    folder.mkdir(exist_ok=True)
    path = folder / "cache.sqlite"
    for file in folder.glob("cache.sqlite*"):
        file.unlink()
    path.write_bytes(_healthy(folder))
    touched = set()
    choice = rng.random()
    if choice < 0.6:
        touched = _odd_rows(rng, path, folder)
    elif choice < 0.8:
        _flip(rng, path)
        touched = set(_IDS)
    else:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in rng.sample(_ALIEN, rng.choice([1, 2])):
                with contextlib.suppress(sqlite3.Error):
                    connection.execute(statement)
        touched = set(_IDS)
    before = _picture(folder)
    try:
        frame = tts.lookup(_IDS, shop=shop_of(folder), offline=True)
    except CacheError:
        if _picture(folder) != before:
            raise Wrong("a refused cache file is changed") from None
        return 1, Counter(refused=1)
    _check(frame, touched, path)
    return max(1, len(touched)), Counter(right=max(1, len(touched)))


def _check(frame, touched, path):
    if frame["order_id"].tolist() != _IDS:
        raise Wrong("lookup drops or repeats an order")
    values = _values(path)
    shop = shop_of(path.parent)
    for order_id, status, external in frame[["order_id", "status", "external_order_id"]].itertuples(
        index=False
    ):
        external = none_if_missing(external)
        if order_id not in touched and (status != "linked" or external != _EXTERNAL[order_id]):
            raise Wrong(f"a good row is not read: {order_id} is {status}, {external}")
        if order_id in touched and external not in (None, _EXTERNAL[order_id]):
            value = values.get(key(shop.settings.host, shop.name, "SHOPIFY", order_id))
            if values and json.dumps(external, ensure_ascii=False)[1:-1] not in _plain(value):
                raise Wrong(
                    f"a row gives an id that is not in it: {order_id}, {external}, {_plain(value)[:300]}"
                )


def _plain(value):
    text = value if isinstance(value, str) else bytes(value or b"").decode(errors="replace")
    with contextlib.suppress(ValueError, RecursionError):
        text += json.dumps(json.loads(text), ensure_ascii=False)
    return text


def _values(path):
    """The rows of the file by key, as plain sqlite3 reads them; none where it cannot."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as connection:
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        return dict(connection.execute("SELECT key, value FROM responses"))
    return {}


def _picture(folder):
    """Every file of the cache with its bytes; an empty side file counts as none."""
    return {file.name: file.read_bytes() for file in folder.glob("cache.sqlite*") if file.stat().st_size
            and not file.name.endswith("-shm")}  # fmt: skip


_MADE = {}


def _healthy(folder):
    """The bytes of a good cache, written once."""
    if not _MADE:
        path = folder / "good.sqlite"
        shop = shop_of(folder)
        with Cache(path) as cache:
            for order_id, external in _EXTERNAL.items():
                cache.write(
                    key(shop.settings.host, shop.name, "SHOPIFY", order_id),
                    CachedResponse(_url_of(order_id), 200, _content(external), time.time()),
                    lifetime_seconds=30 * 86400,
                )
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _MADE["bytes"] = path.read_bytes()
    return _MADE["bytes"]


def _url_of(order_id):
    return f"{BASE_URL}/order/202406/orders/{order_id}/external_orders?platform=SHOPIFY"


def _content(external):
    return {"code": 0, "message": "Success", "request_id": "r1",
            "data": {"external_orders": [{"id": external, "platform": "SHOPIFY"}]}}  # fmt: skip


def _odd_rows(rng, path, folder):
    """Change or add rows; return the orders that they are about."""
    shop = shop_of(folder)
    touched = rng.sample(_IDS, rng.randrange(1, _ROWS))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for order_id in touched:
            name = key(shop.settings.host, shop.name, "SHOPIFY", order_id)
            expires = rng.choice([2**40, 2**40, 2**40, 0, -1, None, "x", 1e300, b"\xff", 2**62])
            connection.execute(
                "INSERT OR REPLACE INTO responses VALUES (?, ?, ?)", (name, _value(rng, order_id), expires)
            )
        for odd_key in rng.choice([[], [None, b"\xff", 5, "", "x" * 10_000]]):
            connection.execute("INSERT OR REPLACE INTO responses VALUES (?, 'x', 5)", (odd_key,))
        connection.commit()
    if rng.random() < 0.3:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return set(touched)


def _value(rng, order_id):
    row = {
        "_decoded_content": _content(_EXTERNAL[order_id]), "created_at": dt.datetime.now(dt.UTC).isoformat(),
        "expires": "2099-01-01T00:00:00+00:00", "headers": {"Content-Type": "application/json"},
        "status_code": 200, "url": _url_of(order_id),
    }  # fmt: skip
    choice = rng.random()
    if choice < 0.1:
        return rng.choice(
            [None, 5, 1.5, b"", "", b"\x80\x04}.", "null", "[]", "{}", b"\xff" * 50, "9" * 5000]
        )
    if choice < 0.2:
        return _of_requests_cache(rng, order_id)
    if choice < 0.35:
        row["created_at"] = rng.choice(["", None, 5, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-24", "2026-11-24T00:00:00"])  # fmt: skip
    elif choice < 0.5:
        row["status_code"] = rng.choice([0, -1, 99, 999, 1000, 10**30, "200", None, 200.0, 429, 500])
    elif choice < 0.7:
        row["_decoded_content"] = mutated(rng, row["_decoded_content"])
    elif choice < 0.8:
        row = mutated(rng, row)
    text = written(row)
    if choice > 0.8:
        text = broken(rng, text.encode())
    return text if rng.random() < 0.5 or isinstance(text, bytes) else text.encode()


def _of_requests_cache(rng, order_id):
    """A row as requests-cache writes it, of some other response too."""
    response = requests_cache.CachedResponse(
        status_code=rng.choice([200, 200, 404, 500]),
        url=rng.choice([_url_of(order_id), "https://x/"]),
        headers={"Content-Type": rng.choice(["application/json", "text/html", ""])},
        content=rng.choice([json.dumps(_content(_EXTERNAL[order_id])).encode(), b"", b"<p>", b"\xff\xfe"]),
    )
    return requests_cache.serializers.json_serializer.dumps(response)


def _flip(rng, path):
    """Damage the bytes of the file."""
    content = bytearray(path.read_bytes())
    choice = rng.random()
    if choice < 0.6:
        for _ in range(rng.choice([1, 1, 4, 64])):
            content[rng.choice([rng.randrange(100), rng.randrange(len(content))])] = rng.randrange(256)
    elif choice < 0.8:
        del content[rng.randrange(len(content)) :]
    elif choice < 0.9:
        start = rng.randrange(len(content))
        content[start : start + 4096] = b"\0" * 4096
    else:
        content = bytearray(rng.choice([b"x", b"\0" * 8192, b"SQLite format 3\0", b"key,value\n1,2\n", content + content, rng.randbytes(5000)]))  # fmt: skip
    path.write_bytes(bytes(content))
    if rng.random() < 0.2:
        path.with_name(f"{path.name}-wal").write_bytes(rng.choice([b"", b"x" * 100, rng.randbytes(5000), b"\x37\x7f\x06\x82" + b"\0" * 4000]))  # fmt: skip
