"""A cache that is locked, read-only or without room: one warning, a bounded wait, nothing lost."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import tempfile
import threading
import time
import warnings
from pathlib import Path

import pytest
from support.cache_tools import DAY_SECONDS, answer, hits, keep, lock, names, picture, python, raw, read
from support.session_tools import wait_until

from ttsframe.cache import Cache, database, writer
from ttsframe.cache.writer import Row, Writer
from ttsframe.errors import CacheError, CacheWarning

WAIT_SECONDS = 0.4
FOR_EVER = 3600


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "cache.sqlite"


@pytest.fixture(autouse=True)
def _try_soon(monkeypatch):
    monkeypatch.setattr(writer, "_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(writer, "BATCH_SECONDS", 0.05)
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.1)


NOBODY = 65534


@pytest.fixture
def shared():
    """A folder that another user may enter; `tmp_path` is its owner's alone."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@contextlib.contextmanager
def read_only(*files):
    """Make files and folders read-only; root, who may write even those, becomes another user meanwhile."""
    is_root = not os.geteuid()
    for each in (files[-1].parent, *files):
        if is_root:
            os.chown(each, NOBODY, NOBODY)
    for each in files:
        each.chmod(0o500 if each.is_dir() else 0o400)
    if is_root:
        os.seteuid(NOBODY)
    try:
        if not files[-1].exists():
            pytest.skip("the folder for temporary files is its owner's alone")
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for each in reversed(files):
            each.chmod(0o700 if each.is_dir() else 0o600)


def told(record):
    return [str(each.message) for each in record if issubclass(each.category, CacheWarning)]


def write_all(cache, keys):
    for name in keys:
        cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)


def write_slowly(cache, keys, *, pause_seconds):
    for name in keys:
        cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)
        time.sleep(pause_seconds)


def not_cached(path, *, count=5):
    """Write to a cache in trouble; return its one warning."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
            assert hits(cache, names(count)) == {}
            write_all(cache, names(count))
            cache.close()
            write_all(cache, names(count))
    (message,) = told(record)
    return message


# Locked


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_locked__the_run_goes_on_reads_and_is_told_once(path, statement):
    keep(path, names(3))
    with lock(path, statement), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
            assert len(hits(cache, names(3))) == 3
            write_all(cache, names(3, first=3))
            cache.close()
    (message,) = told(record)
    assert "locked" in message
    assert "3 orders will be requested again" in message
    assert str(path) in message
    assert set(read(path, names(6))) == set(names(3))


def test_locked__reading_is_bounded_where_even_that_is_locked(path):
    keep(path, names(3))
    raw(path, "PRAGMA journal_mode = DELETE")
    with lock(path, "BEGIN EXCLUSIVE"), Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        with pytest.warns(CacheWarning, match="cannot be used: .* locked"):
            assert hits(cache, names(3)) == {}
        write_all(cache, names(3))
        assert cache._writer._wait_seconds == 0.0, "the lock is waited for twice"
    assert len(read(path, names(3))) == 3


def test_locked__rows_wait_for_the_lock_and_are_all_written(path):
    keep(path, names(1))
    with lock(path) as holder, Cache(path, wait_seconds=FOR_EVER) as cache:
        # It returns although the lock is held.
        write_all(cache, names(450))
        threading.Timer(0.5, holder.close).start()
        cache.close()
    assert len(read(path, names(450))) == 450


def test_locked__past_the_wait_rows_are_still_kept_for_when_the_lock_goes(path):
    keep(path, names(1))
    with Cache(path, wait_seconds=0.1) as cache:
        with lock(path), pytest.warns(CacheWarning, match="locked"):
            write_slowly(cache, names(200, first=1), pause_seconds=0.002)
        cache.close()
    assert len(read(path, names(201))) == 201


def test_locked__a_close_with_a_bound_keeps_to_it(path):
    keep(path, names(1))
    with lock(path), Cache(path, wait_seconds=FOR_EVER) as cache:
        write_all(cache, names(3))
        with pytest.warns(CacheWarning, match="requested again"):
            cache.close(within_seconds=0.3)


@pytest.mark.parametrize("change", ["prune", "clear"])
def test_locked__a_change_by_hand_is_refused_within_the_wait(path, change):
    keep(path, names(3))
    with lock(path), Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        with pytest.raises(CacheError, match="cannot be changed now: another program keeps it locked"):
            getattr(cache, change)()
        assert cache.info().answers == 3


def test_locked__the_check_says_so_within_the_wait(path):
    keep(path, names(3))
    with lock(path), Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        assert "locked" in cache.check()


def test_writer__holds_a_bounded_number_of_rows(path, monkeypatch):
    monkeypatch.setattr(writer, "MAX_PENDING", 100)
    keep(path, names(1))
    with lock(path), Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        write_all(cache, names(250, first=1))
        with pytest.warns(CacheWarning, match="250 orders will"):
            cache.close()


class Broken:
    """A disk that takes nothing until it is mended; `tries` counts how often it was asked."""

    def __init__(self, monkeypatch):
        self._open, self.tries, self.mended = database.open_for_writing, 0, False
        monkeypatch.setattr(database, "open_for_writing", self)
        # Every row is a batch of its own, and no second try comes by itself.
        monkeypatch.setattr(writer, "BATCH", 1)
        monkeypatch.setattr(writer, "_RETRY_SECONDS", 3600)

    def __call__(self, *arguments, **options):
        self.tries += 1
        if not self.mended:
            raise OSError(5, "Input/output error")
        return self._open(*arguments, **options)


def write_to(door, keys):
    """Give rows to a writer, and wait until it has taken them all from its line."""
    for name in keys:
        door.put(Row(name, "{}", 2**40))
    assert wait_until(lambda: not door._rows.qsize() and door.pending_count == len(keys))


def test_writer__in_trouble_it_tries_no_more_until_a_while_has_passed(path, monkeypatch):
    disk = Broken(monkeypatch)
    door = Writer(path)
    write_to(door, names(20))
    tries = disk.tries
    door.close()
    assert (tries, disk.tries) == (1, 2)
    assert door.pending_count == 20


def test_writer__in_trouble_it_holds_the_first_rows_and_counts_the_others(path, monkeypatch):
    monkeypatch.setattr(writer, "MAX_PENDING", 5)
    disk = Broken(monkeypatch)
    door = Writer(path)
    write_to(door, names(20))
    disk.mended = True
    door.close()
    assert (door.written_count, door.pending_count) == (5, 15)
    assert Cache(path).info().answers == 5


# Read-only


def test_read_only__file_is_read_and_the_run_goes_on(shared):
    path = shared / "cache.sqlite"
    keep(path, names(3))
    with read_only(path), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
            assert len(hits(cache, names(3))) == 3
            write_all(cache, names(3, first=3))
            assert "read-only" in cache.check()
    (message,) = told(record)
    assert "read-only" in message
    assert len(read(path, names(6))) == 3


def test_read_only__folder_is_read_and_stays_as_it_was(shared):
    path = shared / "cache" / "cache.sqlite"
    keep(path, names(3))
    before = picture(path.parent)
    with read_only(path, path.parent), warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
            assert len(hits(cache, names(3))) == 3
            assert cache.info().answers == 3
            write_all(cache, names(3, first=3))
            with pytest.raises(CacheError, match="read-only"):
                cache.clear()
    assert len(told(record)) == 1
    assert picture(path.parent) == before


def test_read_only__disk_is_told(path, monkeypatch):
    def refused(_path, mode, exist_ok):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    assert "the disk is read-only" in not_cached(path)


def test_read_only__an_error_of_sqlite_is_told_in_plain_words(path, monkeypatch):
    keep(path, names(3))
    real = database.open_for_writing

    def refusing(*arguments, **options):
        connection = real(*arguments, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(database, "open_for_writing", refusing)
    with pytest.warns(CacheWarning, match="read-only"), Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        write_all(cache, names(3, first=3))


# No room, no folder


def test_full__disk_is_told_and_what_was_kept_stays(path, monkeypatch):
    keep(path, names(20))
    fill(monkeypatch, [20] * 100)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
            write_all(cache, names(2000, first=20))
    (message,) = told(record)
    assert "disk is full" in message
    assert set(names(20)) <= set(read(path, names(2020)))


def fill(monkeypatch, limits):
    """Let a file grow to so many pages, each time that it is opened to be written."""
    real = database.open_for_writing

    def small(*arguments, **options):
        connection = real(*arguments, **options)
        connection.execute(f"PRAGMA max_page_count = {limits.pop(0)}")
        return connection

    monkeypatch.setattr(database, "open_for_writing", small)


def test_full__room_that_comes_back_is_used(path, monkeypatch):
    fill(monkeypatch, limits := [20, 100_000])
    with Cache(path, wait_seconds=WAIT_SECONDS) as cache:
        with pytest.warns(CacheWarning, match="the disk is full"):
            write_slowly(cache, names(600), pause_seconds=0.001)
        cache.close()
    assert limits == []
    assert len(read(path, names(600))) == 600


def test_full__a_limit_of_the_process_is_told(path):
    """Portable: the kernel refuses to let the file grow."""
    code = """
import resource, signal, sys, warnings, pathlib
from support.session_tools import wait_until
from support.cache_tools import *
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
warnings.simplefilter("always")
with Cache(pathlib.Path(sys.argv[1]), wait_seconds=0.3) as cache:
    for name in names(2000):
        cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)
print("went on")
"""
    done = python(code, path)
    out, err = done.communicate(timeout=60)
    assert out == "went on\n", err
    assert err.count("CacheWarning") == 1
    assert "not being cached" in err


def test_folder__a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "taken").write_text("a file")
    assert "folder cannot be made" in not_cached(tmp_path / "taken" / "cache.sqlite")
    assert (tmp_path / "taken").read_text() == "a file"


def test_folder__that_may_not_be_made_is_told(path, shared):
    keep(path, names(1))  # what is imported when first used may not be this other user's to read
    folder = shared / "closed"
    folder.mkdir()
    with read_only(folder):
        message = not_cached(folder / "new" / "cache.sqlite")
    assert "may not write there" in message
    assert list(folder.iterdir()) == []


def test_folder__check_tells_the_same(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with Cache(tmp_path / "taken" / "cache.sqlite") as cache:
        assert "folder cannot be made" in cache.check()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError(30, "Read-only file system"), "read-only"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (sqlite3.OperationalError("something new"), "something new"),
    ],
)
def test_plain__says_what_is_wrong(error, words):
    assert words in database.describe(error)
