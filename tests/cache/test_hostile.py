"""Files that are damaged, another's, or made to do harm: refused before use, and left byte for byte."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import time

import pytest
import requests_cache
from support.cache_tools import DAY_SECONDS, answer, content, keep, names, picture, raw, read

from ttsframe import gateway as api
from ttsframe.cache import Cache, codec, validate
from ttsframe.cache.validate import APPLICATION_ID
from ttsframe.errors import CacheError, CacheWarning


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder / "cache.sqlite"


def touched(path):
    (path.parent / "touched").touch()


class Touch:
    """Leaves a trace where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return touched, (self.path,)


def flip(path, start, length=64):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


# Not ours


def make_text(path):
    path.write_text("order_id,note\n580194009000000000,x\n")


def make_short_text(path):
    path.write_text("x")


def make_zeros(path):
    path.write_bytes(b"\0" * 8192)


def make_other_database(path):
    raw(path, "CREATE TABLE customers (name TEXT)", "INSERT INTO customers VALUES ('Ada')")


def make_other_database_with_wal(path):
    raw(path, "PRAGMA journal_mode = WAL", "CREATE TABLE customers (name TEXT)")


def make_other_application(path):
    raw(
        path,
        "PRAGMA application_id = 12345",
        "CREATE TABLE responses (key TEXT, value BLOB, expires INTEGER)",
    )


def make_requests_cache(path):
    cache = requests_cache.SQLiteCache(path, serializer="json")
    cache.responses["a"] = requests_cache.CachedResponse(status_code=200, url="https://x.example")
    cache.close()


def make_damaged_head(path):
    keep(path, names(5))
    flip(path, 0, 16)


@pytest.mark.parametrize(
    "make",
    [
        make_text,
        make_short_text,
        make_zeros,
        make_other_database,
        make_other_database_with_wal,
        make_other_application,
        make_requests_cache,
        make_damaged_head,
    ],
)
@pytest.mark.parametrize("use", ["read", "check", "info", "prune", "clear"])
def test_foreign__is_refused_and_left_as_it_is(path, make, use):
    make(path)
    before = picture(path.parent)
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="TTSFRAME_CACHE") as refused:
        list(cache.read(names(3))) if use == "read" else getattr(cache, use)()
    assert str(path) in str(refused.value)
    assert picture(path.parent) == before


@pytest.mark.parametrize("make", [make_text, make_other_database])
def test_foreign__that_appears_later_is_not_written(path, make):
    cache = Cache(path, wait_seconds=0.3)
    assert list(cache.read(names(3))) == []
    make(path)
    before = picture(path.parent)
    cache.write(names(1)[0], answer(), lifetime_seconds=DAY_SECONDS)
    with pytest.warns(CacheWarning, match="not a ttsframe cache file"):
        cache.close()
    assert picture(path.parent) == before


def test_foreign__a_database_in_use_by_its_program_is_left_alone(path):
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA journal_mode = WAL")
    owner.execute("CREATE TABLE customers (name TEXT)")
    owner.execute("INSERT INTO customers VALUES ('Ada')")
    before = picture(path.parent)
    with Cache(path) as cache, pytest.raises(CacheError):
        list(cache.read(names(3)))
    assert picture(path.parent) == before
    assert owner.execute("SELECT * FROM customers").fetchall() == [("Ada",)]
    owner.close()


def test_foreign__a_folder_is_refused(tmp_path):
    with Cache(tmp_path) as cache, pytest.raises(CacheError, match=r"is a folder.*ttsframe\.sqlite"):
        list(cache.read(names(1)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_foreign__a_pipe_or_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for special in (tmp_path / "pipe", "/dev/null"):
        with Cache(type(tmp_path)(special)) as cache, pytest.raises(CacheError, match="not a file on a disk"):
            cache.check()


def test_newer__form_is_refused_and_left_as_it_is(path):
    keep(path, names(3))
    raw(path, "PRAGMA user_version = 2")
    before = picture(path.parent)
    with Cache(path) as cache, pytest.raises(CacheError, match="newer ttsframe"):
        list(cache.read(names(3)))
    assert picture(path.parent) == before


# Damaged


def cut_off(path):
    os.truncate(path, path.stat().st_size // 2)


def cut_to_the_head(path):
    os.truncate(path, 100)


def cut_in_a_page(path):
    os.truncate(path, path.stat().st_size - 1000)


def scratch_the_middle(path):
    page = 4096
    flip(path, path.stat().st_size // 2 // page * page, page)


def scratch_the_schema(path):
    flip(path, 100, 200)


DAMAGES = [cut_off, cut_to_the_head, cut_in_a_page, scratch_the_middle, scratch_the_schema]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("use", ["read", "check", "info", "clear"])
def test_damaged__is_refused_and_left_as_it_is(path, damage, use):
    keep(path, names(300))
    damage(path)
    before = picture(path.parent)
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="damaged"):
        list(cache.read(names(1))) if use == "read" else getattr(cache, use)()
    assert picture(path.parent) == before


@pytest.mark.parametrize("damage", [cut_off, cut_in_a_page, scratch_the_schema])
def test_damaged__too_large_to_check_whole_is_still_refused(path, damage, monkeypatch):
    monkeypatch.setattr(validate, "_CHECK_UP_TO_BYTES", 0)
    keep(path, names(300))
    damage(path)
    before = picture(path.parent)
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="damaged"):
        list(cache.read(names(300)))
    assert picture(path.parent) == before


def test_damaged__in_the_middle_of_a_large_file_is_found_while_reading(path, monkeypatch):
    monkeypatch.setattr(validate, "_CHECK_UP_TO_BYTES", 0)
    keep(path, names(3000))
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(size // 4)
        file.write(os.urandom(size // 2))
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="damaged"):
        list(cache.read(names(3000)))


def test_damaged__with_side_files_of_a_killed_process_is_left_as_it_is(path):
    keep(path, names(300))
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("DELETE FROM responses WHERE key = ?", (names(1)[0],))
    killed = picture(path.parent)
    owner.close()
    for name, content_ in killed.items():
        (path.parent / name).write_bytes(content_)
    scratch_the_middle(path)
    before = picture(path.parent)
    assert before["cache.sqlite-wal"]
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="damaged"):
        list(cache.read(names(300)))
    after = picture(path.parent)
    assert after["cache.sqlite"] == before["cache.sqlite"]
    assert after["cache.sqlite-wal"] == before["cache.sqlite-wal"]


# Made to do harm


def put(path, key, value, expires=4_000_000_000):
    raw(path, many=[("INSERT OR REPLACE INTO responses VALUES (?, ?, ?)", [(key, value, expires)])])


def test_hostile__rows_are_never_unpickled(path):
    keep(path, names(1))
    put(path, "pickle", pickle.dumps(Touch(path)))
    put(path, "pickled text", pickle.dumps(Touch(path), protocol=0).decode())
    assert set(read(path, [*names(1), "pickle", "pickled text"])) == set(names(1))
    assert not (path.parent / "touched").exists()


MOMENT = "2026-11-23T08:00:00+00:00"
BAD_VALUES = {
    "none": None,
    "number": 7,
    "real": 1.5,
    "empty": "",
    "bytes": b"\xff\xfe\x00",
    "not utf-8": (
        b'{"status_code": 200, "_decoded_content": "\xff", "url": "", "created_at": "2026-11-23T08:00:00Z"}'
    ),
    "list": "[1, 2]",
    "text": '"text"',
    "null": "null",
    "cut": '{"status_code": 200, "_decoded_',
    "no content": json.dumps({"status_code": 200, "created_at": MOMENT}),
    "no moment": json.dumps({"status_code": 200, "_decoded_content": {}}),
    "moment is no text": json.dumps({"status_code": 200, "_decoded_content": {}, "created_at": 5}),
    "moment is no moment": json.dumps({"status_code": 200, "_decoded_content": {}, "created_at": "soon"}),
    "moment before time": json.dumps(
        {"status_code": 200, "_decoded_content": {}, "created_at": "0001-01-01"}
    ),
    "status is text": json.dumps({"status_code": "200", "_decoded_content": {}, "created_at": MOMENT}),
    "status is true": json.dumps({"status_code": True, "_decoded_content": {}, "created_at": MOMENT}),
    "status is vast": json.dumps({"status_code": 10**12, "_decoded_content": {}, "created_at": MOMENT}),
    "deep": '{"_decoded_content":' + "[" * 100_000 + "]" * 100_000 + "}",
}


def test_hostile__rows_of_another_form_are_no_answers(path):
    keep(path, names(2))
    for name, value in BAD_VALUES.items():
        put(path, name, value)
    found = set(read(path, [names(2)[0], *BAD_VALUES, names(2)[1]]))
    # Only who reads the body can tell that it is no text: the next test.
    assert found - {"moment before time", "not utf-8"} == set(names(2))


def test_hostile__a_body_that_is_not_utf_8_is_no_answer(path):
    keep(path, names(1))
    put(path, "not utf-8", BAD_VALUES["not utf-8"])
    body = read(path, ["not utf-8"])["not utf-8"].body
    outcome = api.decode_cached(200, body, order_id="1", platform="SHOPIFY", fetched_at=5.0)
    assert (outcome.status, outcome.reason) == ("failed", "bad_answer")


def test_hostile__text_that_is_not_utf_8_is_no_answer(path):
    keep(path, names(1))
    raw(path, "INSERT INTO responses VALUES ('bad', CAST(x'fffe' AS TEXT), 4000000000)")
    assert set(read(path, ["bad", *names(1)])) == set(names(1))


def test_hostile__expiry_of_another_type_is_harmless(path):
    keep(path, names(1))
    for place, expires in enumerate([None, "soon", b"x", -1]):
        put(path, f"bad {place}", codec.encode(answer(), expires_at=time.time()), expires)
    found = read(path, [*names(1), *(f"bad {place}" for place in range(4))])
    assert names(1)[0] in found
    assert "bad 0" not in found
    assert "bad 3" not in found


def test_hostile__huge_values_are_passed_by(path):
    keep(path, names(3))
    vast = json.dumps(
        {
            "status_code": 200,
            "_decoded_content": "x" * (validate.MAX_VALUE_BYTES + 10),
            "url": "",
            "created_at": MOMENT,
        }
    )
    put(path, "vast", vast)
    put(path, "vast too", vast)
    found = read(path, [names(3)[0], "vast", names(3)[1], "vast too", names(3)[2]])
    assert set(found) == set(names(3))
    assert sorted(hit.position for hit in found.values()) == [0, 2, 4]


def test_hostile__many_large_values_are_given_in_small_parts(path):
    keep(path, names(1))
    large = json.dumps(
        {"status_code": 200, "_decoded_content": "x" * 1_000_000, "url": "", "created_at": MOMENT}
    )
    keys = [f"large {place}" for place in range(30)]
    raw(path, many=[("INSERT INTO responses VALUES (?, ?, 4000000000)", [(key, large) for key in keys])])
    with Cache(path) as cache:
        parts = [len(found) for found in cache.read(keys)]
    assert sum(parts) == 30
    assert max(parts) < 10


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE responses", "CREATE VIEW responses AS SELECT 'a' AS key, 'b' AS value, 9e9 AS expires"],
        ["CREATE TRIGGER trap AFTER INSERT ON responses BEGIN DELETE FROM responses; END"],
        ["CREATE VIEW more AS SELECT * FROM responses"],
        ["CREATE INDEX clever ON responses(length(value))"],
        ["DROP TABLE responses", "CREATE TABLE responses (key TEXT, value BLOB)"],
        [
            "DROP TABLE responses",
            "CREATE TABLE responses (key TEXT PRIMARY KEY, expires INTEGER, value AS (upper(key)))",
        ],
        ["DROP TABLE responses", "CREATE VIRTUAL TABLE responses USING fts5(key, value, expires)"],
        ["DROP TABLE responses"],
        ["CREATE TABLE customers (name TEXT)"],
    ],
)
def test_hostile__schemas_other_than_ours_are_refused(path, statements):
    keep(path, names(3))
    try:
        raw(path, *statements)
    except sqlite3.OperationalError as error:
        pytest.skip(f"this SQLite does not know that: {error}")
    before = picture(path.parent)
    with Cache(path) as cache, pytest.raises(CacheError, match="does not hold the tables"):
        list(cache.read(names(3)))
    assert picture(path.parent) == before


def test_hostile__another_programs_file_with_our_mark_is_refused(path):
    raw(path, f"PRAGMA application_id = {APPLICATION_ID}", "CREATE TABLE customers (name TEXT)")
    before = picture(path.parent)
    with Cache(path) as cache, pytest.raises(CacheError, match="does not hold the tables"):
        cache.check()
    assert picture(path.parent) == before


def test_cache__analysed_by_its_owner_is_still_ours(path):
    keep(path, names(300))
    raw(path, "ANALYZE", "VACUUM")
    assert json.loads(bytes(read(path, names(1))[names(1)[0]].body)) == content()
