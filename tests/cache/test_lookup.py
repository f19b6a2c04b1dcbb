"""The cache under a whole look-up: before the first request, in trouble, and when everything is there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import threading
import warnings

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import canned_gateway as canned
from support.cache_tools import lock, picture, python, raw

import ttsframe as tts
from ttsframe import cli
from ttsframe import gateway as api
from ttsframe.cache import database
from ttsframe.errors import CacheError, CacheWarning
from ttsframe.gateway.outcomes import Outcome

IDS = [str(580_194_009_000_000_000 + 17 * place) for place in range(12)]
ANSWERS = {
    order_id: canned.official(f"70{place}") if place % 3 else canned.official()
    for place, order_id in enumerate(IDS)
}


@pytest.fixture
def gateway():
    with canned.serve(dict(ANSWERS)) as server:
        yield server


def told(record):
    return [str(each.message) for each in record if issubclass(each.category, CacheWarning)]


def test_lookup__of_cached_ids_starts_no_thread_and_touches_no_network(gateway, tmp_path, monkeypatch):
    first = tts.lookup(IDS, shop=gateway.shop(tmp_path))
    asked = len(gateway.requests)

    def refuse(*arguments, **options):
        raise AssertionError("a look-up of cached ids needs neither a thread nor the network")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        patch.setattr(socket.socket, "__init__", refuse)
        again = tts.lookup(IDS, shop=gateway.shop(tmp_path), progress=True)
    assert len(gateway.requests) == asked == len(IDS)
    assert again["from_cache"].all()
    pd.testing.assert_frame_equal(again.drop(columns="from_cache"), first.drop(columns="from_cache"))


def test_lookup__whole_numbers_beyond_64_bits_keep_every_digit(tmp_path):
    large = 184_467_440_737_095_516_165_312
    with canned.serve({IDS[0]: canned.official(large)}) as gateway:
        fresh = tts.lookup(IDS[:1], shop=gateway.shop(tmp_path))
        cached = tts.lookup(IDS[:1], shop=gateway.shop(tmp_path), offline=True)
    for refs in (fresh, cached):
        assert refs["external_order_id"].tolist() == [str(large)]
    assert cached["from_cache"].all()


def test_lookup__a_row_that_answers_another_order_is_not_believed(gateway, tmp_path):
    """As a damaged index of the file does: it leads from one order to the row of another."""
    shop = gateway.shop(tmp_path)
    first = tts.lookup(IDS, shop=shop)
    path = shop.settings.cache_file
    shop.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT key, value FROM responses ORDER BY key").fetchall()
        keys = [row_key for row_key, _ in rows]
        swapped = [(rows[1][1], keys[0]), (rows[0][1], keys[1])]
        connection.executemany("UPDATE responses SET value = ? WHERE key = ?", swapped)
        connection.commit()
    again = tts.lookup(IDS, shop=gateway.shop(tmp_path), offline=True)
    assert again["status"].tolist()[:2] == ["skipped", "skipped"]
    columns = ["order_id", "external_order_id", "status"]
    pd.testing.assert_frame_equal(again[columns].iloc[2:], first[columns].iloc[2:])


def test_lookup__offline_changes_nothing_on_disk(gateway, tmp_path):
    tts.lookup(IDS[:6], shop=gateway.shop(tmp_path))
    before = picture(tmp_path)
    found = tts.lookup(IDS, shop=gateway.shop(tmp_path), offline=True)
    assert found["status"].value_counts()["skipped"] == 6
    assert picture(tmp_path) == before
    tts.plan(IDS, shop=gateway.shop(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("what", ["text", "other", "damaged"])
def test_lookup__of_an_unusable_cache_ends_before_the_first_request(gateway, tmp_path, what):
    path = tmp_path / "cache.sqlite"
    if what == "text":
        path.write_text("notes")
    elif what == "other":
        raw(path, "CREATE TABLE customers (name TEXT)")
    else:
        tts.lookup(IDS, shop=gateway.shop(tmp_path))
        gateway.requests.clear()
        os.truncate(path, path.stat().st_size - 5000)
    before = picture(tmp_path)
    with pytest.raises(CacheError):
        tts.lookup(IDS, shop=gateway.shop(tmp_path))
    assert gateway.requests == []
    assert picture(tmp_path) == before


def test_lookup__not_cached_gives_every_answer_and_one_warning(gateway, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        found = tts.lookup(IDS, shop=gateway.shop(tmp_path / "taken"))
    assert len(told(record)) == 1
    assert set(found["status"]) == {"linked", "unlinked"}


def test_lookup__under_a_lock_gives_every_answer_and_one_warning(gateway, tmp_path, monkeypatch):
    tts.lookup(IDS[:6], shop=gateway.shop(tmp_path))
    monkeypatch.setattr("ttsframe.references.shop.Cache", short_waiting)
    with lock(tmp_path / "cache.sqlite", "BEGIN EXCLUSIVE"), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        found = tts.lookup(IDS, shop=gateway.shop(tmp_path))
    assert len(told(record)) == 1
    assert "locked" in told(record)[0]
    assert found["from_cache"].sum() == 6
    assert len(gateway.requests) == len(IDS), "what can be read is not asked again"


def short_waiting(path):
    from ttsframe.cache import Cache

    return Cache(path, wait_seconds=0.3)


def test_command__cached_answers_exit_0_and_an_unusable_cache_exits_2(gateway, tmp_path, monkeypatch, capsys):
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
    (tmp_path / "ids.csv").write_text("order_id\n" + "\n".join(IDS))
    command = ["lookup", str(tmp_path / "ids.csv"), "-o", str(tmp_path / "out.csv")]
    assert cli.main(command) == 0
    (tmp_path / "cache.sqlite").write_text("my notes")
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    assert "is not a ttsframe cache file" in error
    assert "Traceback" not in error
    assert (tmp_path / "cache.sqlite").read_text() == "my notes"
    assert len(gateway.requests) == len(IDS)
    assert cli.main(["cache", "info"]) == 2
    assert cli.main(["cache", "clear"]) == 2
    assert (tmp_path / "cache.sqlite").read_text() == "my notes"


def test_command__not_cached_exits_0_with_one_note(gateway, tmp_path, monkeypatch, capsys):
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "taken" / "cache.sqlite"))
    (tmp_path / "ids.csv").write_text("order_id\n" + "\n".join(IDS))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert cli.main(["lookup", str(tmp_path / "ids.csv"), "-o", str(tmp_path / "out.csv")]) == 0
    assert capsys.readouterr().err.count("not being cached") == 1


def test_lookup__killed_keeps_what_was_answered(tmp_path):
    """The answers are on disk a second after they were had, however the process ends."""
    code = """
import sys, time, pathlib
import ttsframe as tts
from support import canned_gateway as canned
with canned.serve({}) as gateway:
    shop = gateway.shop(pathlib.Path(sys.argv[1]), rate=100)
    from ttsframe.references.progress import Progress
    count = Progress.count
    def tell(self, status):
        count(self, status)
        print("x", flush=True)
    Progress.count = tell
    tts.lookup([str(10**17 + place) for place in range(5000)], shop=shop, progress=False)
"""
    process = python(code, tmp_path)
    try:
        for _ in range(120):
            assert process.stdout.readline() == "x\n", process.stderr.read()
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    answered = 120 + rest.count("x")
    with short_waiting(tmp_path / "cache.sqlite") as cache:
        kept = cache.info().answers
    # At 100 a second at most, and with the rate still climbing.
    assert answered - kept <= 100
    assert kept > 0


CONTENTS = {
    "linked": {
        "code": 0,
        "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}]},
        "request_id": "r",
    },
    "code as text": {"code": "0", "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}]}},
    "other platform": {
        "code": 0,
        "data": {"external_orders": [{"id": "7", "platform": "AMAZON"}]},
        "request_id": "r",
    },
    "lines": {
        "code": 0,
        "request_id": "r",
        "data": {
            "external_orders": [
                {"id": "7", "platform": "SHOPIFY", "line_items": [{"id": "1", "origin_id": 2}]}
            ]
        },
    },
    "both shapes": {
        "code": 0,
        "request_id": "r",
        "data": {
            "external_orders": [{"id": "7", "platform": "SHOPIFY"}],
            "external_order_references": [{"order_id": "1", "external_order_id": "8", "platform": "SHOPIFY"}],
        },
    },
    "null id beside the other name": {
        "code": 0,
        "request_id": "r",
        "data": {"external_orders": [{"id": None, "external_order_id": "7", "platform": "SHOPIFY"}]},
    },
    "about another order": {
        "code": 0,
        "request_id": "r",
        "data": {"external_orders": [{"order_id": "2", "id": "7", "platform": "SHOPIFY"}]},
    },
    "lines of the published form": {
        "code": 0,
        "request_id": "r",
        "data": {
            "external_orders": [
                {
                    "id": "7",
                    "platform": "SHOPIFY",
                    "line_items": [{"id": "1", "origin_id": "2"}, {"id": "1", "origin_id": "2"}, {"id": "3"}],
                }
            ]
        },
    },
    "two": {
        "code": 0,
        "request_id": "r",
        "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}, {"id": "8", "platform": "SHOPIFY"}]},
    },
    "no request id": {"code": 0, "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}]}},
    "request id is a number": {
        "code": 0,
        "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}]},
        "request_id": 5,
    },
    "code is false": {
        "code": False,
        "data": {"external_orders": [{"id": "7", "platform": "SHOPIFY"}]},
        "request_id": "r",
    },
    "entry is text": {"code": 0, "data": {"external_orders": ["7"]}, "request_id": "r"},
    "entries are text": {"code": 0, "data": {"external_orders": "7"}, "request_id": "r"},
    "none": {"code": 0, "data": {"external_orders": []}, "request_id": "r"},
    "no data": {"code": 0, "data": None, "request_id": "r"},
    "denied": {"code": 21008111, "message": "no", "request_id": "r"},
    "empty": {},
    "list": [],
    "nothing": None,
}


@pytest.mark.parametrize("name", CONTENTS)
def test_decode_cached__tells_what_the_answer_told_when_it_was_fresh(name):
    fresh = api.decode_references(200, CONTENTS[name], order_id="1", platform="SHOPIFY").outcome
    body = json.dumps(CONTENTS[name]).encode()
    cached = api.decode_cached(200, body, order_id="1", platform="SHOPIFY", fetched_at=5.0)
    assert cached == fresh._replace(fetched_at=5.0, from_cache=True)
    assert type(cached) is Outcome


TEXTS = st.sampled_from(["7", " 7", "7\x1b", "", "SHOPIFY", "shopify", "AMAZON", "1"])
LINES = st.fixed_dictionaries({}, optional={"id": TEXTS | st.none(), "origin_id": TEXTS | st.integers()})
REFERENCES = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS | st.integers() | st.booleans() | st.none(),
        "platform": TEXTS | st.none() | st.just(0),
        "order_id": TEXTS,
        "external_order_id": TEXTS,
        "line_items": st.lists(LINES, max_size=2) | st.none(),
    },
)
BODIES = st.fixed_dictionaries(
    {"code": st.sampled_from([0, 0, 0, "0", False, 0.0, None, 21008111])},
    optional={
        "data": st.sampled_from([None, False, 0, "", []])
        | st.fixed_dictionaries(
            {},
            optional={
                "external_orders": st.lists(REFERENCES | st.none(), max_size=2) | st.none() | TEXTS,
                "external_order_references": st.lists(REFERENCES, max_size=1),
                "more": TEXTS,
            },
        ),
        "request_id": TEXTS | st.none() | st.integers(),
        "message": TEXTS,
    },
)


@given(BODIES)
def test_decode_cached__tells_what_any_answer_told_when_it_was_fresh(content):
    body = json.dumps(content).encode()
    fresh = api.decode_references(200, api.decode_json(body), order_id="1", platform="SHOPIFY").outcome
    cached = api.decode_cached(200, body, order_id="1", platform="SHOPIFY", fetched_at=5.0)
    assert cached == fresh._replace(fetched_at=5.0, from_cache=True)


def test_cache__waits_for_a_lock_as_long_as_promised():
    assert database.WAIT_SECONDS == 5
