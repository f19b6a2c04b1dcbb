"""A cache in a forked child: connections, locks and the thread of the writer stay in the parent."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import threading

import pytest
from support.cache_tools import DAY_SECONDS, answer, external_id, hits, keep, names, picture, read

from ttsframe.cache import Cache

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="needs a system that forks"
)
CHILDREN, ROWS = 8, 300


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "cache.sqlite"


def write(cache, keys):
    for name in keys:
        cache.write(name, answer(name), lifetime_seconds=DAY_SECONDS)


def work(cache, place):
    """What a child does with the cache of its parent."""
    assert cache.written_count == 0
    keys = names(ROWS, first=1000 * place)
    write(cache, keys)
    hits(cache, keys)
    cache.close()
    assert cache.written_count == ROWS


def fork_and_wait(cache):
    context = multiprocessing.get_context("fork")
    children = [
        context.Process(target=work, args=(cache, place), daemon=True) for place in range(1, CHILDREN + 1)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * CHILDREN


def assert_all_there(path):
    keys = [name for place in range(CHILDREN + 1) for name in names(ROWS, first=1000 * place)]
    cached = read(path, keys)
    assert {name: external_id(hit) for name, hit in cached.items()} == {name: name for name in keys}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(picture(path.parent)) == [path.name]


def test_fork__before_the_first_use(path):
    with Cache(path) as cache:
        fork_and_wait(cache)
        write(cache, names(ROWS))
    assert_all_there(path)


def test_fork__with_connections_open_and_rows_that_wait(path):
    keep(path, names(1))
    with Cache(path) as cache:
        hits(cache, names(ROWS))
        write(cache, names(ROWS))
        fork_and_wait(cache)
        assert len(hits(cache, names(ROWS, first=1000))) == ROWS
        cache.close()
        assert cache.written_count == ROWS, "the parent's rows are the parent's to write"
    assert_all_there(path)


def test_fork__while_threads_read_and_write(path):
    keep(path, names(1))
    finished = threading.Event()

    def be_busy(cache):
        while not finished.is_set():
            write(cache, names(20))
            hits(cache, names(ROWS))

    with contextlib.ExitStack() as stack:
        caches = [stack.enter_context(Cache(path)) for _ in range(3)]
        threads = [threading.Thread(target=be_busy, args=(cache,)) for cache in caches]
        for thread in threads:
            thread.start()
        try:
            fork_and_wait(caches[0])
        finally:
            finished.set()
            for thread in threads:
                thread.join()
        write(caches[0], names(ROWS))
    assert_all_there(path)
