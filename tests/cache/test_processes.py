"""Several processes on one cache, and processes that die."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
import time

import pytest
from support.cache_tools import (
    DAY_SECONDS,
    answer,
    external_id,
    hits,
    keep,
    lock,
    names,
    picture,
    python,
    read,
)
from support.session_tools import wait_until

from ttsframe.cache import Cache

WRITE = """
import pathlib, sys, time
from support.cache_tools import *
path, first, count, pause = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
with Cache(path) as cache:
    list(cache.read(names(1)))
    for name in names(count, first=first):
        cache.write(name, answer(name), lifetime_seconds=DAY_SECONDS)
        print(name, flush=True)
        time.sleep(pause)
print("done")
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "cache.sqlite"


@contextlib.contextmanager
def writing(path, *, first, count, pause_seconds):
    """Start a process that writes once it is told to."""
    import subprocess

    process = python(WRITE, path, first, count, pause_seconds, stdin=subprocess.PIPE)
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield process
    finally:
        process.kill()
        process.communicate()


def start(process):
    process.stdin.write("\n")
    process.stdin.flush()


def whole(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_processes__that_make_the_same_file_at_once_keep_every_answer(path):
    count, pause_seconds = 300, 0.002
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(writing(path, first=1000 * place, count=count, pause_seconds=pause_seconds))
            for place in range(3)
        ]
        for process in processes:
            start(process)
        for process in processes:
            out, err = process.communicate(timeout=60)
            assert out.endswith("done\n"), err
            assert err == ""
    keys = [name for place in range(3) for name in names(count, first=1000 * place)]
    found = read(path, keys)
    assert set(found) == set(keys)
    assert all(external_id(hit) == name for name, hit in found.items())
    assert whole(path)
    assert list(picture(path.parent)) == ["cache.sqlite"]


def test_processes__one_reads_what_the_other_has_just_written(path):
    with writing(path, first=0, count=10_000, pause_seconds=0.002) as process, Cache(path) as cache:
        start(process)
        assert wait_until(lambda: hits(cache, names(50)), within_seconds=60)
        assert process.poll() is None


def test_processes__a_kill_loses_at_most_the_last_second(path):
    with writing(path, first=0, count=100_000, pause_seconds=0.001) as process:
        start(process)
        told = [process.stdout.readline().strip() for _ in range(1500)]
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
    told += rest.split()
    kept = read(path, told)
    missing = [name for name in told if name not in kept]
    assert missing == told[len(told) - len(missing) :], "an older answer is lost, a newer one kept"
    assert len(missing) < 1000, "more than a second of answers is lost"
    assert len(kept) >= 1000
    assert whole(path)


def test_processes__a_killed_writer_does_not_hinder_the_next(path):
    keep(path, names(1))
    with writing(path, first=10, count=100_000, pause_seconds=0.001) as process:
        start(process)
        for _ in range(600):
            process.stdout.readline()
    keep(path, names(5, first=200_000))
    assert len(read(path, names(5, first=200_000))) == 5
    assert whole(path)


def test_threads__stores_of_one_file_in_one_process_do_not_drop_each_others_locks(path):
    """A descriptor closed beside SQLite would take its locks away; another process must still see them."""
    keep(path, names(1))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode = DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    with Cache(path, wait_seconds=0.1) as cache, pytest.warns(UserWarning, match="locked"):
        list(cache.read(names(1)))
    code = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
    print("free")
except sqlite3.OperationalError as error:
    print(error)
"""
    out, err = python(code, path).communicate(timeout=30)
    holder.close()
    assert "locked" in out, err


def test_threads__a_check_without_an_index_of_the_wal_does_not_drop_their_locks(path):
    """A process that leaves removes the index before the WAL: a check may come between."""
    keep(path, names(1))
    with Cache(path) as cache:
        hits(cache, names(1))
        with lock(path) as writing:
            writing.execute("INSERT INTO responses SELECT 'another', value, expires FROM responses")
            writing.execute("COMMIT")
        path.with_name("cache.sqlite-shm").unlink()
        with Cache(path) as another:
            assert another.info().answers == 2
        out, err = python(LEAVE, path).communicate(timeout=60)
        assert (out, err) == ("", "")
        assert path.with_name("cache.sqlite-wal").exists(), "the other process believed to be the last"


LEAVE = """
import contextlib, sqlite3, sys
with contextlib.closing(sqlite3.connect(sys.argv[1])) as connection:
    connection.execute("SELECT count(*) FROM responses").fetchone()
"""


def test_threads__many_stores_of_one_file_keep_every_answer(path):
    def work(place):
        keep(path, names(100, first=1000 * place))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [name for place in range(6) for name in names(100, first=1000 * place)]
    assert len(read(path, keys)) == 600


def test_cache__written_and_read_at_once_in_one_run(path):
    with Cache(path) as cache:
        for name in names(300):
            cache.write(name, answer(), lifetime_seconds=DAY_SECONDS)
            if name.endswith("50"):
                hits(cache, names(300))
    assert len(read(path, names(300))) == 300
