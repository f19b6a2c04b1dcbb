"""Whose file is it, and is it whole? Checked without changing a byte of it, or of its side files.

The file is only ever read through SQLite: closing a descriptor of our own would take away the
locks that other connections of this process hold on it.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from contextlib import closing
from typing import TYPE_CHECKING

from ttsframe.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x74747366  # "ttsf"
SCHEMA_VERSION = 1
# The tables as requests-cache 1.3.3 makes them, so that either may have made them first.
_DEFINITIONS = (
    "CREATE TABLE responses (key TEXT PRIMARY KEY, value BLOB, expires INTEGER)",
    "CREATE INDEX expires_idx ON responses(expires)",
    "CREATE TABLE redirects (key TEXT PRIMARY KEY, value BLOB, expires INTEGER)",
)
TABLES = (
    *(re.sub("(TABLE|INDEX)", r"\1 IF NOT EXISTS", text, count=1) for text in _DEFINITIONS),
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
"""The statements that make a cache of an empty file."""
MAX_VALUE_BYTES = 4 << 20
"""Bytes; a longer value is not ours."""

# A check of every page costs about 1 s a gigabyte from memory, more from a disk.
_CHECK_UP_TO_BYTES = 256 << 20
_CACHE_KIBIBYTES = 32 << 10
_LOOK_AGAIN_SECONDS = 0.05
_VFS_WITHOUT_LOCKS = "win32-none" if os.name == "nt" else "unix-none"
_NAME_ANOTHER = "Move it away, or name another file with TTSFRAME_CACHE."


def exists(path: Path) -> bool:
    """Whether there is a file with something in it; raises CacheError for a folder, pipe or device."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(status.st_mode):
        raise CacheError(
            f"{path} is a folder: TTSFRAME_CACHE must name a file, e.g. {path / 'ttsframe.sqlite'}"
        )
    if not stat.S_ISREG(status.st_mode):
        raise CacheError(f"{path} is not a file on a disk: TTSFRAME_CACHE must name one.")
    return status.st_size > 0


def check(path: Path, *, until: float) -> None:
    """Check, without changing it, that a file is ours, whole and not of a newer ttsframe."""
    if not _is_ours(path, until):
        raise CacheError(
            f"{path} is not a ttsframe cache file, or is damaged; it was left as it is. {_NAME_ANOTHER}"
        )
    while True:
        before = _fingerprint(path)
        try:
            return _check_whole(path, until)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            # Another process may have written while we looked: then look again.
            if _fingerprint(path) == before or time.monotonic() >= until:
                raise corrupt_error(path, error) from None


def corrupt_error(path: Path, error: Exception) -> CacheError:
    """Make the error for a damaged file."""
    return CacheError(
        f"the cache file {path} is damaged ({error}); it was left as it is. {_NAME_ANOTHER} "
        "The answers in it will be requested again."
    )


def open_readonly(path: Path, *, until: float) -> sqlite3.Connection:
    """Open a file without changing it; the WAL of a killed process is read, and left as it is."""
    if not _has_side_files(path):
        return readable(connect(path, "mode=ro&immutable=1", until=until))
    # A WAL holds rows that are not in the file yet: another process is at work, or was killed.
    try:
        return readable(connect(path, "mode=ro", until=until))
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise
    # The WAL's index cannot be made (the folder is read-only, the disk is full), so nobody is at work:
    # without locks SQLite keeps the index in memory. Never try this first: closing such a connection
    # takes this process's locks away, and then another process deletes a WAL that is in use here.
    return readable(connect(path, f"mode=ro&vfs={_VFS_WITHOUT_LOCKS}", until=until))


def readable(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Make sure that a connection reads; close it where it does not."""
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def is_busy(error: BaseException) -> bool:
    """Whether an error says that another process holds the lock."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether an error tells of a damaged file, not of one that cannot be used just now."""
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def primary_code(error: BaseException) -> int:
    """Return SQLite's result code without its extension; -1 where the error is not SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else -1


def connect(path: Path, parameters: str, *, until: float) -> sqlite3.Connection:
    """Connect to a file that nobody needs to trust: its schema cannot run functions with side effects."""
    connection = _connect(path, parameters, until=until)
    if _VFS_WITHOUT_LOCKS in parameters:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    return connection


def _connect(path: Path, parameters: str, *, until: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{parameters}",
        uri=True,
        timeout=max(0.0, until - time.monotonic()),
        isolation_level=None,
        check_same_thread=False,
    )


def _fingerprint(path: Path) -> tuple[object, ...]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, _has_side_files(path)


def _has_side_files(path: Path) -> bool:
    return _holds_something(path, "-wal") or _holds_something(path, "-journal")


def _holds_something(path: Path, ending: str) -> bool:
    try:
        return path.with_name(path.name + ending).stat().st_size > 0
    except FileNotFoundError:
        return False


def _is_ours(path: Path, until: float) -> bool:
    """Look twice: another process may be making the file at this moment."""
    if _application_id(path, until) == APPLICATION_ID:
        return True
    time.sleep(_LOOK_AGAIN_SECONDS)
    return _application_id(path, until) == APPLICATION_ID


def _application_id(path: Path, until: float) -> int | None:
    try:
        # Only the first page is read, and even another program's file gets no side files.
        with closing(_connect(path, "mode=ro&immutable=1", until=until)) as connection:
            # A checkpoint that was stopped leaves a file that is shorter than its first page says: the rest
            # is in the WAL, which is not read here. With this SQLite reads the first page all the same.
            connection.execute("PRAGMA writable_schema = ON")
            application_id: int = connection.execute("PRAGMA application_id").fetchone()[0]
            return application_id
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return None


def _check_whole(path: Path, until: float) -> None:
    alone = not _has_side_files(path)
    with closing(open_readonly(path, until=until)) as connection:
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        if alone and path.stat().st_size % page_bytes:
            raise sqlite3.DatabaseError("its end is missing")
        if connection.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
            raise CacheError(
                f"{path} was made by a newer ttsframe. Update ttsframe, or name another TTSFRAME_CACHE."
            )
        _check_schema(path, connection)
        if path.stat().st_size <= _CHECK_UP_TO_BYTES:
            result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if result != "ok":
                raise sqlite3.DatabaseError(result.removeprefix("*** in database main ***").split("\n")[-1])


def _check_schema(path: Path, connection: sqlite3.Connection) -> None:
    """Nothing but our tables: views, triggers and clever columns would run someone else's SQL."""
    objects = connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
    known = {_bare(text) for text in _DEFINITIONS}
    strange = [name for name, text in objects if not name.startswith("sqlite_") and _bare(text) not in known]
    if strange or "responses" not in {name for name, _ in objects}:
        raise CacheError(
            f"{path} does not hold the tables of a ttsframe cache; it was left as it is. {_NAME_ANOTHER}"
        )


def _bare(text: str | None) -> str:
    return re.sub(r"\s+", "", text or "").lower()
