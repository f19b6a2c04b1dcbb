"""Answers and files for the tests of the cache."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from ttsframe.cache import Cache, CachedResponse, key

SHOP = "ab" * 8
DAY_SECONDS = 86400
ROOT = Path(__file__).parents[2]
FIRST = 580_194_009_000_000_000


def names(count, *, first=0):
    return [
        key("gateway.example", SHOP, "SHOPIFY", str(FIRST + place)) for place in range(first, first + count)
    ]


def content(external_id="7001"):
    return {
        "code": 0,
        "message": "Success",
        "request_id": "r1",
        "data": {"external_orders": [{"id": external_id, "platform": "SHOPIFY"}]},
    }


def answer(external_id="7001", *, fetched_at=None):
    return CachedResponse(
        "https://gateway.example/order",
        200,
        content(external_id),
        time.time() if fetched_at is None else fetched_at,
    )


def keep(path, keys, *, lifetime_seconds=DAY_SECONDS, **answer_options):
    """Cache an answer under every key, and wait until it is on disk."""
    with Cache(path) as cache:
        for name in keys:
            cache.write(name, answer(**answer_options), lifetime_seconds=lifetime_seconds)


def hits(cache, keys, **options):
    """Read everything: name → hit."""
    return {keys[hit.position]: hit for found in cache.read(keys, **options) for hit in found}


def read(path, keys, **options):
    with Cache(path, wait_seconds=0.3) as cache:
        return hits(cache, keys, **options)


def raw(path, *statements, many=()):
    """Change a cache's file behind the back of the cache."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        for statement, values in many:
            connection.executemany(statement, values)


@contextlib.contextmanager
def lock(path, statement="BEGIN IMMEDIATE"):
    """Hold the lock of a cache's file, as another process may."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(statement)
    try:
        yield connection
    finally:
        connection.close()


def picture(folder):
    """Every file of a folder with its bytes: what must not change."""
    return {file.name: file.read_bytes() for file in Path(folder).iterdir() if file.is_file()}


def python(code, *arguments, **options):
    """Start a second Python with these tests' modules."""
    environment = {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "PATH": "/usr/bin:/bin",
        **options.pop("env", {}),
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


def external_id(hit):
    """Return the id of the one reference in the body of a hit."""
    (reference,) = json.loads(bytes(hit.body))["data"]["external_orders"]
    return reference["id"]
