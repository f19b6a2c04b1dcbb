"""What the store keeps, for how long, and that requests-cache opens it."""

from __future__ import annotations

import json
import os
import stat
import threading
import time

import pytest
import requests_cache
from support.cache_tools import DAY_SECONDS, answer, content, external_id, hits, keep, names, raw, read

from ttsframe.cache import Cache, CachedResponse, key, writer
from ttsframe.errors import CacheWarning


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "er" / "store.sqlite"


def test_store__answers_come_back_as_they_were(path):
    keys = names(3)
    moment = 1_700_000_000.123456
    keep(path, keys[:2], fetched_at=moment, lifetime_seconds=100 * 365 * DAY_SECONDS)
    found = read(path, keys)
    assert sorted(found) == keys[:2]
    hit = found[keys[1]]
    assert (hit.place, hit.http_status, json.loads(bytes(hit.body))) == (1, 200, content())
    assert hit.fetched_at == pytest.approx(moment, abs=1e-6)


def test_store__reads_more_keys_than_go_in_one_statement(path):
    keys = names(5003)
    keep(path, keys[::2])
    found = read(path, keys)
    assert set(found) == set(keys[::2])
    assert all(keys[hit.place] == name for name, hit in found.items())


@pytest.mark.parametrize("shuffled", [["b", "c", "a"], ["c", "b", "a"]])
def test_store__order_of_the_keys_does_not_matter(path, shuffled):
    keep(path, ["a"], external_id="A")
    keep(path, ["b", "c"], external_id="B")
    found = read(path, shuffled)
    assert {name: external_id(hit) for name, hit in found.items()} == {
        "a": "A",
        "b": "B",
        "c": "B",
    }


def test_store__a_new_answer_replaces_the_old_one(path):
    keep(path, ["a"], external_id="old")
    keep(path, ["a"], external_id="new")
    assert json.loads(bytes(read(path, ["a"])["a"].body)) == content("new")


def test_store__expired_answers_are_not_read(path):
    keep(path, ["fresh"])
    keep(path, ["stale"], fetched_at=time.time() - 100, lifetime_seconds=99)
    assert set(read(path, ["fresh", "stale"])) == {"fresh"}


@pytest.mark.parametrize(("max_age_seconds", "expected"), [(None, {"old", "new"}), (60, {"new"}), (0, set())])
def test_store__max_age_is_stricter_than_the_lifetime(path, max_age_seconds, expected):
    keep(path, ["old"], fetched_at=time.time() - 100)
    keep(path, ["new"])
    assert set(read(path, ["old", "new"], max_age_seconds=max_age_seconds)) == expected


@pytest.mark.parametrize("lifetime_seconds", [0, -1])
def test_store__no_lifetime_stores_nothing(path, lifetime_seconds):
    keep(path, ["a"], lifetime_seconds=lifetime_seconds)
    assert not path.exists()


def test_store__reading_makes_no_file_and_no_folder(path):
    assert read(path, names(3)) == {}
    assert not path.parent.parent.exists()


def test_store__reading_starts_no_thread(path):
    keep(path, names(3))
    before = threading.active_count()
    with Cache(path) as store:
        hits(store, names(3))
        assert threading.active_count() == before


def test_store__leaves_no_side_files_and_no_thread(path):
    keep(path, names(3))
    read(path, names(3))
    assert [file.name for file in path.parent.iterdir()] == ["store.sqlite"]
    assert not [thread for thread in threading.enumerate() if thread.name == "ttsframe-cache"]


def test_store__is_the_users_alone_even_without_umask(path):
    umask = os.umask(0)
    try:
        with Cache(path) as store:
            store.write("a", answer(), lifetime_seconds=DAY_SECONDS)
            deadline = time.monotonic() + 5
            while not path.with_name("store.sqlite-wal").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            side_files = [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()]
    finally:
        os.umask(umask)
    assert len(side_files) == 3
    assert set(side_files) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_store__an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "store.sqlite"
    path.touch()
    keep(path, ["a"])
    assert set(read(path, ["a"])) == {"a"}


def test_store__a_path_with_signs_of_an_address(tmp_path):
    path = tmp_path / "50% of? #1 ümlaut.sqlite"
    keep(path, ["a"])
    assert set(read(path, ["a"])) == {"a"}
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


def test_store__is_on_disk_before_it_is_closed(path):
    with Cache(path) as store:
        for name in names(writer.BATCH):
            store.write(name, answer(), lifetime_seconds=DAY_SECONDS)
        began = time.monotonic()
        while len(read(path, names(writer.BATCH))) < writer.BATCH:
            assert time.monotonic() - began < 2
            time.sleep(0.02)
    assert writer.BATCH <= 200
    assert writer.BATCH_SECONDS < 1


def test_store__a_body_too_deep_to_write_is_told_and_the_rest_is_kept(path):
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with Cache(path) as store:
        with pytest.warns(CacheWarning, match="cannot be written"):
            store.write(
                "deep", CachedResponse("https://x.example", 200, deep, 0.0), lifetime_seconds=DAY_SECONDS
            )
        store.write("a", answer(), lifetime_seconds=DAY_SECONDS)
    assert set(read(path, ["deep", "a"])) == {"a"}


def test_info__counts_answers_and_expired(path):
    keep(path, names(5))
    keep(path, names(2, first=100), fetched_at=time.time() - 100, lifetime_seconds=1)
    with Cache(path) as store:
        assert store.info()[:3] == (str(path), 7, 2)
        assert store.info().bytes == path.stat().st_size


def test_info__of_no_file_is_zero_and_makes_none(path):
    with Cache(path) as store:
        assert store.info() == (str(path), 0, 0, 0)
        assert (store.prune(), store.clear()) == (0, 0)
    assert not path.exists()


def test_prune__deletes_the_expired_only(path):
    keep(path, names(300, first=100), fetched_at=time.time() - 100, lifetime_seconds=1)
    keep(path, names(3))
    size = path.stat().st_size
    with Cache(path) as store:
        assert store.prune() == 300
        assert store.info()[1:3] == (3, 0)
    assert path.stat().st_size < size
    assert len(read(path, names(3))) == 3


def test_clear__deletes_every_answer_and_the_store_goes_on(path):
    keep(path, names(3))
    with Cache(path) as store:
        assert store.clear() == 3
    assert read(path, names(3)) == {}
    keep(path, names(2))
    assert len(read(path, names(3))) == 2


def test_check__makes_the_file_and_finds_nothing(path):
    with Cache(path) as store:
        assert store.check() is None
    assert path.exists()


def test_requests_cache__opens_the_store(path):
    fetched_at = time.time() - 5
    keep(path, names(3), fetched_at=fetched_at)
    cache = requests_cache.SQLiteCache(path, serializer="json")
    responses = list(cache.filter())
    assert len(responses) == 3
    one = cache.get_response(names(1)[0])
    assert one.json() == content()
    assert (one.status_code, one.url, one.is_expired) == (200, "https://gateway.example/order", False)
    assert one.created_at.timestamp() == pytest.approx(fetched_at, abs=1e-5)
    assert one.expires.timestamp() == pytest.approx(fetched_at + DAY_SECONDS, abs=1e-5)
    cache.close()


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


def test_requests_cache__may_clear_the_store_and_it_stays_ours(path):
    keep(path, names(3))
    cache = requests_cache.SQLiteCache(path, serializer="json")
    cache.clear()
    cache.close()
    assert read(path, names(3)) == {}
    keep(path, names(2))
    assert len(read(path, names(3))) == 2


def test_store__rows_are_small_json_text(path):
    keep(path, names(1))
    import sqlite3

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


def test_store__an_older_form_is_read_and_goes_on(path):
    keep(path, names(2))
    raw(path, "PRAGMA user_version = 0", "DROP TABLE redirects", "DROP INDEX expires_idx")
    assert len(read(path, names(2))) == 2
    keep(path, names(1, first=2))
    assert len(read(path, names(3))) == 3
    import sqlite3

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_key__tells_apart_host_shop_platform_and_order():
    variants = [("h", "s", "p", "1"), ("h2", "s", "p", "1"), ("h", "s2", "p", "1"), ("h", "s", "p2", "1")]
    assert len({key(*parts) for parts in variants}) == 4
