"""Disk: keys → answers and misses, with lifetimes. A requests-cache SQLite database.

Reading and writing go in bulk: one look-up a response would cost 1–3 ms.
"""

from __future__ import annotations

import math
import sqlite3
import time
import warnings
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple, Self

import orjson

from ttsframe.cache import codec, database, validate
from ttsframe.cache.codec import CachedResponse, Hit
from ttsframe.cache.writer import Row, Writer
from ttsframe.errors import CacheError, CacheWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Cache", "CachedResponse", "Hit", "Info", "key"]

# What is decoded at once still lies in the processor's cache when it is read: more rows are slower.
_READ_AT_ONCE = 500
_BYTES_AT_ONCE = 8 << 20
# Against a table of keys, not `IN (?, …)`: it tells the place of each key by itself.
_READ = (
    "SELECT wanted.key, CAST(responses.value AS BLOB) FROM json_each(?) AS wanted "
    "CROSS JOIN responses ON responses.key = wanted.value WHERE responses.expires > ? "
    "AND responses.value NOT NULL"
)


class Info(NamedTuple):
    """What a store holds."""

    path: str
    answers: int
    expired: int
    bytes: int


def key(host: str, shop: str, platform: str, order_id: str) -> str:
    """Return the key of an answer; `shop` is a digest, never the cipher."""
    return f"{host}/{shop}/{platform}/{order_id}"


class Cache:
    """The file of stored answers; opened when first used, made when first written.

    Parameters
    ----------
    path
        The file, which need not be there.
    wait_seconds
        How long to wait for another process's lock.
    """

    def __init__(self, path: Path, *, wait_seconds: float = database.WAIT_SECONDS) -> None:
        self.path = path
        self._wait_seconds = wait_seconds
        self._reader: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._warned = False
        self._written_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def written_count(self) -> int:
        """How many of the answers that were given to be kept are on disk."""
        return self._written_count + (self._writer.written_count if self._writer else 0)

    def read(self, keys: Sequence[str], *, max_age_seconds: float | None = None) -> Iterator[list[Hit]]:
        """Read the answers that are there and not expired.

        Parameters
        ----------
        keys
            Distinct keys, as `key` makes them.
        max_age_seconds
            Leave out what is older; 0 leaves out everything.

        Yields
        ------
        list of Hit
            Some hundreds at a time, in no order; a key without answer has no hit.

        Raises
        ------
        CacheError
            If the file is damaged or not ours.
        """
        try:
            if self._reader is None:
                self._reader = database.open_for_reading(self.path, wait_seconds=self._wait_seconds)
            if self._reader is None or max_age_seconds == 0:
                return
            now = time.time()
            oldest = -math.inf if max_age_seconds is None else now - max_age_seconds
            # In the order of the keys neighbours stand on one page: a shuffled million takes a third.
            places = sorted(range(len(keys)), key=keys.__getitem__)
            for start in range(0, len(keys), _READ_AT_ONCE):
                wanted = places[start : start + _READ_AT_ONCE]
                yield from _hits(self._reader, keys, wanted, now=now, oldest=oldest)
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and validate.is_corrupt(error):
                raise validate.corrupt_error(self.path, error) from None
            # A lock has been waited for, once and for all: the writer tries, but waits no more.
            self._wait_seconds = 0.0
            self._warn(f"the store {self.path} cannot be used: {database.describe(error)}")

    def write(self, name: str, stored: CachedResponse, *, lifetime_seconds: float) -> None:
        """Keep an answer; it is on disk within a second, unless the file is in trouble.

        Parameters
        ----------
        name
            As `key` makes it.
        stored
            The answer, free of secrets.
        lifetime_seconds
            How long it may be used.
        """
        if lifetime_seconds <= 0:
            return
        expires_at = stored.fetched_at + lifetime_seconds
        try:
            value = codec.encode(stored, expires_at=expires_at)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            self._warn_unstored(f"an answer has a form that cannot be written ({error})")
            return
        if self._writer is None:
            self._writer = Writer(self.path, wait_seconds=self._wait_seconds)
        self._writer.put(Row(name, value, math.ceil(expires_at)))
        if self._writer.trouble:
            self._warn_unstored(self._writer.trouble)

    def close(self, *, within_seconds: float | None = None) -> None:
        """Write what is left and let the file go.

        Parameters
        ----------
        within_seconds
            The longest wait; by default what another process's lock is given, and the time
            that the rows themselves need.
        """
        writer, self._writer = self._writer, None
        reader, self._reader = self._reader, None
        if reader:
            reader.close()
        if writer:
            writer.close(within_seconds=within_seconds)
            self._written_count += writer.written_count
            if writer.pending_count:
                why = writer.trouble or "the disk did not take them in time"
                self._warn_unstored(f"{why}; {writer.pending_count:,} will have to be asked for again")

    def check(self) -> str | None:
        """Return why the store cannot be written, or None; raises CacheError as `read` does."""
        try:
            with closing(database.open_for_writing(self.path, wait_seconds=self._wait_seconds)) as connection:
                database.check_writable(connection)
        except database.UNAVAILABLE as error:
            return database.describe(error)
        return None

    def info(self) -> Info:
        """Count what is there.

        Returns
        -------
        Info
            Zeros for a file that is not there yet.

        Raises
        ------
        CacheError
            If the file cannot be read, or is damaged or not ours.
        """
        counted = "SELECT count(*), coalesce(sum(expires <= ?), 0) FROM responses"
        try:
            connection = database.open_for_reading(self.path, wait_seconds=self._wait_seconds)
            if connection is None:
                return Info(str(self.path), 0, 0, 0)
            with closing(connection):
                answers, expired = connection.execute(counted, (time.time(),)).fetchone()
            return Info(str(self.path), answers, expired, self.path.stat().st_size)
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            raise self._unusable(error, "read") from None

    def prune(self) -> int:
        """Delete expired answers; return how many. Raises CacheError where that cannot be done."""
        return self._delete("DELETE FROM responses WHERE expires <= ?", (time.time(),))

    def clear(self) -> int:
        """Delete every answer; return how many. Raises CacheError where that cannot be done."""
        return self._delete("DELETE FROM responses", ())

    def _delete(self, statement: str, values: tuple[float, ...]) -> int:
        try:
            if not validate.exists(self.path):
                return 0
            with closing(database.open_for_writing(self.path, wait_seconds=self._wait_seconds)) as connection:
                deleted = connection.execute(statement, values).rowcount
                # Giving the room back is a courtesy, which needs room itself.
                with suppress(sqlite3.OperationalError):
                    connection.execute("VACUUM")
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            raise self._unusable(error, "changed") from None
        return deleted

    def _unusable(self, error: Exception, what: str) -> CacheError:
        if isinstance(error, sqlite3.Error) and validate.is_corrupt(error):
            return validate.corrupt_error(self.path, error)
        return CacheError(
            f"the cache {self.path} cannot be {what} now: {database.describe(error)}. "
            "Fix that, or try again later."
        )

    def _warn_unstored(self, why: str) -> None:
        self._warn(f"answers are not being stored in {self.path}: {why}")

    def _warn(self, what: str) -> None:
        """Tell the first trouble of a run; the others follow from it."""
        if not self._warned:
            self._warned = True
            warnings.warn(f"{what}. The run goes on without.", CacheWarning, stacklevel=3)


def _hits(
    connection: sqlite3.Connection, keys: Sequence[str], places: Sequence[int], *, now: float, oldest: float
) -> Iterator[list[Hit]]:
    """Hits among the keys at `places`."""
    hits: list[Hit] = []
    size_bytes, nth = 0, -1
    wanted = orjson.dumps([keys[place] for place in places]).decode()
    try:
        for nth, value in connection.execute(_READ, (wanted, now)):
            hit = codec.decode(places[nth], value)
            if hit is not None and hit[3] >= oldest:
                hits.append(hit)
            size_bytes += len(value)
            if size_bytes > _BYTES_AT_ONCE:
                yield hits
                hits, size_bytes = [], 0
    except sqlite3.DataError:
        # A value longer than any of ours stands in the way: close in on it, and pass it by.
        rest = places[nth + 1 :]
        half = len(rest) // 2
        if half:
            yield from _hits(connection, keys, rest[:half], now=now, oldest=oldest)
            yield from _hits(connection, keys, rest[half:], now=now, oldest=oldest)
    yield hits
