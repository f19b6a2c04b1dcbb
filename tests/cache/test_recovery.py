"""A process that dies, or a disk that fills up, in mid-checkpoint: every row can still be read."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from support.cache_tools import hits, keep, names, picture, python, raw, read

from ttsframe.cache import Cache
from ttsframe.errors import CacheError

PAGE_BYTES = 4096
KEYS = names(400)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache" / "cache.sqlite"


def checkpoint(path, *, rows_before, vacuum=False):
    """Return the file before and after a checkpoint, and the WAL that the checkpoint reads."""
    keep(path, KEYS[:rows_before])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("SELECT count(*) FROM responses").fetchone()
        if vacuum:
            raw(path, "CREATE TABLE filler AS SELECT randomblob(300000)", "DROP TABLE filler", "VACUUM")
        keep(path, KEYS[rows_before:])
        wal = path.with_name("cache.sqlite-wal").read_bytes()
        before = path.read_bytes()
        owner.execute("PRAGMA wal_checkpoint(FULL)")
        return before, path.read_bytes(), wal


def stopped(before, after, wal, at_bytes):
    """Return the file as a checkpoint leaves it that is stopped after `at_bytes`: pages go in their order."""
    in_wal = {int.from_bytes(wal[start : start + 4]) for start in range(32, len(wal), PAGE_BYTES + 24)}
    content = bytearray(before)
    for page in sorted(in_wal):
        start = (page - 1) * PAGE_BYTES
        end = min(start + PAGE_BYTES, at_bytes)
        if end <= start:
            break
        content.extend(b"\0" * (start - len(content)))
        content[start:end] = after[start:end]
    return bytes(content)


def leave(path, main, wal):
    """Leave these files where the cache was, as a process does that is killed."""
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(main)
    path.with_name(f"{path.name}-wal").write_bytes(wal)


@pytest.mark.parametrize("rows_before", [0, 1, 200])
def test_checkpoint__that_was_stopped_anywhere_loses_nothing(path, rows_before):
    if not rows_before:
        with Cache(path) as cache:
            cache.check()
    before, after, wal = checkpoint(path, rows_before=rows_before)
    assert len(after) > len(before)
    for at_bytes in range(0, len(after) + 1, PAGE_BYTES // 2):
        leave(path, stopped(before, after, wal, at_bytes), wal)
        assert len(read(path, KEYS)) == len(KEYS), at_bytes


def test_checkpoint__of_a_smaller_file_that_was_stopped_loses_nothing(path):
    before, after, wal = checkpoint(path, rows_before=200, vacuum=True)
    for at_bytes in range(0, len(after) + 1, PAGE_BYTES):
        leave(path, stopped(before, after, wal, at_bytes), wal)
        assert len(read(path, KEYS)) == len(KEYS), at_bytes


@pytest.mark.parametrize("use", ["read", "check", "info", "write"])
def test_checkpoint__that_was_stopped_is_made_good_by_every_use(path, use):
    before, after, wal = checkpoint(path, rows_before=1)
    leave(path, stopped(before, after, wal, 3 * PAGE_BYTES), wal)
    with Cache(path) as cache:
        if use == "read":
            assert len(hits(cache, KEYS)) == len(KEYS)
        elif use == "check":
            assert cache.check() is None
        elif use == "info":
            assert cache.info().answers == len(KEYS)
        else:
            keep(path, names(1, first=1000))
    assert len(read(path, KEYS)) == len(KEYS)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


FULL = """
import pathlib, resource, signal, sys, warnings
from support.cache_tools import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
warnings.simplefilter("ignore")
path, limit = pathlib.Path(sys.argv[1]), int(sys.argv[2])
cache = Cache(path)
for name in names(400):
    cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)
while cache.written_count < 400:
    time.sleep(0.01)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
cache.close()
"""


@pytest.mark.parametrize("limit", [30_000, 40_000, 65_000, 100_000])
def test_full_disk__in_the_checkpoint_loses_nothing(path, limit):
    process = python(FULL, path, limit)
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("", "", 0)
    assert path.with_name(f"{path.name}-wal").stat().st_size > 100_000
    assert path.stat().st_size <= limit
    assert len(read(path, KEYS)) == len(KEYS)


READ = """
import pathlib, resource, signal, sys
from support.cache_tools import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
print(len(read(pathlib.Path(sys.argv[1]), names(400))))
"""


@pytest.mark.parametrize("at_bytes", [0, 3 * PAGE_BYTES])
def test_full_disk__that_has_no_room_for_an_index_of_the_wal_is_read(path, at_bytes):
    before, after, wal = checkpoint(path, rows_before=1)
    leave(path, stopped(before, after, wal, at_bytes), wal)
    left = picture(path.parent)
    out, err = python(READ, path).communicate(timeout=60)
    assert (out, err) == ("400\n", "")
    after_reading = picture(path.parent)
    after_reading.pop(f"{path.name}-shm", None)
    assert after_reading == left
    assert len(read(path, KEYS)) == len(KEYS)


def test_another_programs__file_with_a_stopped_checkpoint_is_left_as_it_is(path):
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA journal_mode = WAL")
    owner.execute("CREATE TABLE customers AS SELECT randomblob(100000) AS name")
    before, wal = path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes()
    owner.execute("PRAGMA wal_checkpoint(FULL)")
    after = path.read_bytes()
    owner.close()
    leave(path, stopped(before, after, wal, 3 * PAGE_BYTES), wal)
    left = picture(path.parent)
    with Cache(path, wait_seconds=0.3) as cache, pytest.raises(CacheError, match="TTSFRAME_CACHE"):
        hits(cache, KEYS)
    assert picture(path.parent) == left
