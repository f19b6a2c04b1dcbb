"""What the cache keeps, for how long, and that requests-cache opens it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests_cache
from support.cache_tools import (
    DAY_SECONDS,
    answer,
    content,
    external_id,
    hits,
    keep,
    names,
    python,
    raw,
    read,
)
from support.session_tools import wait_until

from ttsframe.cache import Cache, CachedResponse, key, validate, writer
from ttsframe.errors import CacheWarning
from ttsframe.gateway import decode_cached


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "er" / "cache.sqlite"


def test_cache__answers_come_back_as_they_were(path):
    keys = names(3)
    moment = 1_700_000_000.123456
    keep(path, keys[:2], fetched_at=moment, lifetime_seconds=100 * 365 * DAY_SECONDS)
    found = read(path, keys)
    assert sorted(found) == keys[:2]
    hit = found[keys[1]]
    assert (hit.position, hit.http_status, json.loads(bytes(hit.body))) == (1, 200, content())
    assert hit.fetched_at == pytest.approx(moment, abs=1e-6)


def test_cache__reads_more_keys_than_go_in_one_statement(path):
    keys = names(5003)
    keep(path, keys[::2])
    found = read(path, keys)
    assert set(found) == set(keys[::2])
    assert all(keys[hit.position] == name for name, hit in found.items())


@pytest.mark.parametrize("shuffled", [["b", "c", "a"], ["c", "b", "a"]])
def test_cache__order_of_the_keys_does_not_matter(path, shuffled):
    keep(path, ["a"], external_id="A")
    keep(path, ["b", "c"], external_id="B")
    found = read(path, shuffled)
    assert {name: external_id(hit) for name, hit in found.items()} == {
        "a": "A",
        "b": "B",
        "c": "B",
    }


def test_cache__a_new_answer_replaces_the_old_one(path):
    keep(path, ["a"], external_id="old")
    keep(path, ["a"], external_id="new")
    assert json.loads(bytes(read(path, ["a"])["a"].body)) == content("new")


def test_cache__expired_answers_are_not_read(path):
    keep(path, ["fresh"])
    keep(path, ["stale"], fetched_at=time.time() - 100, lifetime_seconds=99)
    assert set(read(path, ["fresh", "stale"])) == {"fresh"}


@pytest.mark.parametrize(("max_age_seconds", "expected"), [(None, {"old", "new"}), (60, {"new"}), (0, set())])
def test_cache__max_age_is_stricter_than_the_lifetime(path, max_age_seconds, expected):
    keep(path, ["old"], fetched_at=time.time() - 100)
    keep(path, ["new"])
    assert set(read(path, ["old", "new"], max_age_seconds=max_age_seconds)) == expected


@pytest.mark.parametrize("lifetime_seconds", [0, -1])
def test_cache__no_lifetime_stores_nothing(path, lifetime_seconds):
    keep(path, ["a"], lifetime_seconds=lifetime_seconds)
    assert not path.exists()


def test_cache__reading_makes_no_file_and_no_folder(path):
    assert read(path, names(3)) == {}
    assert not path.parent.parent.exists()


def test_cache__reading_starts_no_thread(path):
    keep(path, names(3))
    before = threading.active_count()
    with Cache(path) as cache:
        hits(cache, names(3))
        assert threading.active_count() == before


def test_cache__leaves_no_side_files_and_no_thread(path):
    keep(path, names(3))
    read(path, names(3))
    assert [file.name for file in path.parent.iterdir()] == ["cache.sqlite"]
    assert not [thread for thread in threading.enumerate() if thread.name == "ttsframe-cache"]


def test_cache__is_the_users_alone_even_without_umask(path):
    umask = os.umask(0)
    try:
        with Cache(path) as cache:
            cache.write("a", answer(), lifetime_seconds=DAY_SECONDS)
            assert wait_until(path.with_name("cache.sqlite-wal").exists)
            side_files = [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()]
    finally:
        os.umask(umask)
    assert len(side_files) == 3
    assert set(side_files) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_cache__an_empty_file_becomes_a_cache(tmp_path):
    path = tmp_path / "cache.sqlite"
    path.touch()
    keep(path, ["a"])
    assert set(read(path, ["a"])) == {"a"}


def test_cache__a_path_with_signs_of_an_address(tmp_path):
    path = tmp_path / "50% of? #1 ümlaut.sqlite"
    keep(path, ["a"])
    assert set(read(path, ["a"])) == {"a"}
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


def test_cache__is_on_disk_before_it_is_closed(path):
    with Cache(path) as cache:
        for name in names(writer.BATCH):
            cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)
        assert wait_until(lambda: len(read(path, names(writer.BATCH))) == writer.BATCH)
    assert writer.BATCH <= 200
    assert writer.BATCH_SECONDS < 1


def test_cache__a_body_too_deep_to_write_is_told_and_the_rest_is_kept(path):
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with Cache(path) as cache:
        with pytest.warns(CacheWarning, match="cannot be written"):
            cache.write(
                "deep", CachedResponse("https://x.example", 200, deep, 0.0), lifetime_seconds=DAY_SECONDS
            )
        cache.write("a", answer(), lifetime_seconds=DAY_SECONDS)
    assert set(read(path, ["deep", "a"])) == {"a"}


def test_info__counts_answers_and_expired(path):
    keep(path, names(5))
    keep(path, names(2, first=100), fetched_at=time.time() - 100, lifetime_seconds=1)
    with Cache(path) as cache:
        assert cache.info()[:3] == (str(path), 7, 2)
        assert cache.info().bytes == path.stat().st_size


def test_info__of_no_file_is_zero_and_makes_none(path):
    with Cache(path) as cache:
        assert cache.info() == (str(path), 0, 0, 0)
        assert (cache.prune(), cache.clear()) == (0, 0)
    assert not path.exists()


def test_prune__deletes_the_expired_only(path):
    keep(path, names(300, first=100), fetched_at=time.time() - 100, lifetime_seconds=1)
    keep(path, names(3))
    size = path.stat().st_size
    with Cache(path) as cache:
        assert cache.prune() == 300
        assert cache.info()[1:3] == (3, 0)
    assert path.stat().st_size < size
    assert len(read(path, names(3))) == 3


def test_clear__deletes_every_answer_and_the_cache_goes_on(path):
    keep(path, names(3))
    with Cache(path) as cache:
        assert cache.clear() == 3
    assert read(path, names(3)) == {}
    keep(path, names(2))
    assert len(read(path, names(3))) == 2


def test_check__makes_the_file_and_finds_nothing(path):
    with Cache(path) as cache:
        assert cache.check() is None
    assert path.exists()


def test_requests_cache__makes_the_same_tables(path):
    requests_cache.SQLiteCache(path, serializer="json").close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
    assert {validate._bare(sql) for (sql,) in rows} == {validate._bare(sql) for sql in validate._DEFINITIONS}


def test_requests_cache__reads_every_row_that_ttsframe_wrote(path):
    fetched_at = 1_900_000_000.123456
    for name in names(3):
        keep(path, [name], external_id=name, fetched_at=fetched_at)
    cache = requests_cache.SQLiteCache(path, serializer="json")
    assert len(list(cache.filter())) == 3
    for name in names(3):
        response = cache.get_response(name)
        assert response.json() == content(name)
        assert (response.status_code, response.url) == (200, "https://gateway.example/order")
        assert response.headers["content-type"] == "application/json"
        assert response.created_at.timestamp() == pytest.approx(fetched_at, abs=1e-5)
        assert response.expires.timestamp() == pytest.approx(fetched_at + DAY_SECONDS, abs=1e-5)
        assert not response.is_expired
    cache.close()


@pytest.mark.parametrize("decode_content", [True, False])
def test_requests_cache__writes_rows_that_ttsframe_reads(path, decode_content):
    with Cache(path) as cache:
        cache.check()
    theirs = requests_cache.SQLiteCache(path, serializer="json", decode_content=decode_content)
    fetched_at, expires = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=3600)
    for name in names(3):
        theirs.responses[name] = requests_cache.CachedResponse(
            status_code=200,
            url="https://gateway.example/order",
            headers={"Content-Type": "application/json"},
            content=json.dumps(content(name)).encode(),
            created_at=fetched_at,
            expires=expires,
        )
    theirs.responses["expired"] = requests_cache.CachedResponse(
        content=b"{}", status_code=200, expires=fetched_at - timedelta(seconds=1)
    )
    theirs.close()
    rows = read(path, [*names(3), "expired"])
    assert {name: json.loads(bytes(hit.body)) for name, hit in rows.items()} == {
        name: content(name) for name in names(3)
    }
    assert {hit.fetched_at for hit in rows.values()} == {fetched_at.timestamp()}
    with Cache(path) as cache:
        assert cache.info()[1:3] == (4, 1)


@pytest.mark.parametrize("body", ["", "!", "AAAA"])
def test_requests_cache__rows_whose_body_is_no_json_are_no_answers(path, body):
    keep(path, names(1))
    row = {"_content": body, "created_at": "2026-11-23T08:00:00+00:00", "status_code": 200}
    insert = ("INSERT INTO responses VALUES (?, ?, ?)", [("bad", json.dumps(row), 2**40)])
    raw(path, many=[insert])
    outcomes = {
        name: decode_cached(200, hit.body, order_id="1", platform="SHOPIFY", fetched_at=5.0).status
        for name, hit in read(path, [*names(1), "bad"]).items()
    }
    assert outcomes.pop("bad", "failed") == "failed"
    assert outcomes == {names(1)[0]: "linked"}


def test_requests_cache__is_not_loaded_to_read(path):
    keep(path, names(3))
    code = """
import pathlib, sys
import ttsframe, ttsframe.cache
from support.cache_tools import *
print(len(read(pathlib.Path(sys.argv[1]), names(3))), "requests_cache" in sys.modules)
"""
    assert python(code, path).communicate(timeout=60) == ("3 False\n", "")


def test_requests_cache__is_loaded_before_the_first_request(tmp_path):
    code = """
import pathlib, sys, warnings
from support.raw_gateway import answer, raw_gateway
import ttsframe
warnings.simplefilter("ignore")
loaded = []
def note(_request):
    loaded.append("requests_cache" in sys.modules)
    return answer(b'{"code": 0, "data": {}}')
with raw_gateway(note) as served, served.shop(pathlib.Path(sys.argv[1])) as shop:
    ttsframe.lookup(["580194009000000001"], shop=shop, progress=False)
print(loaded)
"""
    assert python(code, tmp_path).communicate(timeout=60) == ("[True]\n", "")


def test_requests_cache__sees_and_deletes_what_has_expired(path):
    keep(path, names(2))
    keep(path, ["stale"], fetched_at=time.time() - 100, lifetime_seconds=50)
    cache = requests_cache.SQLiteCache(path, serializer="json")
    assert cache.get_response("stale").is_expired
    assert cache.count(expired=False) == 2
    cache.delete(expired=True)
    assert cache.count() == 2
    cache.close()
    assert len(read(path, names(2))) == 2


def test_requests_cache__may_clear_the_cache_and_it_stays_ours(path):
    keep(path, names(3))
    cache = requests_cache.SQLiteCache(path, serializer="json")
    cache.clear()
    cache.close()
    assert read(path, names(3)) == {}
    keep(path, names(2))
    assert len(read(path, names(3))) == 2


def test_cache__rows_are_small_json_text(path):
    keep(path, names(1))
    connection = sqlite3.connect(path)
    value, kind, expires = connection.execute(
        "SELECT value, typeof(value), expires FROM responses"
    ).fetchone()
    connection.close()
    assert kind == "text"
    assert set(json.loads(value)) == {
        "_decoded_content",
        "created_at",
        "expires",
        "headers",
        "status_code",
        "url",
    }
    assert len(value) - len(json.dumps(content())) < 300
    assert expires == pytest.approx(time.time() + DAY_SECONDS, abs=60)


def test_cache__an_older_form_is_read_and_goes_on(path):
    keep(path, names(2))
    raw(path, "PRAGMA user_version = 0", "DROP TABLE redirects", "DROP INDEX expires_idx")
    assert len(read(path, names(2))) == 2
    keep(path, names(1, first=2))
    assert len(read(path, names(3))) == 3
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_key__tells_apart_host_shop_platform_and_order():
    variants = [("h", "s", "p", "1"), ("h2", "s", "p", "1"), ("h", "s2", "p", "1"), ("h", "s", "p2", "1")]
    assert len({key(*parts) for parts in variants}) == 4
