"""Whose file is it, and can it be used? Opening the store without harm to anyone's data.

A file that is not ours or is damaged stays byte for byte as it was. A file that cannot be used
just now (locked, read-only, no room) leaves the run without a store, which is told once.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from ttsframe.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x74747366  # "ttsf"
FORM = 1
WAIT_SECONDS = 5.0

_MAGIC = b"SQLite format 3\x00"
_HEADER = struct.Struct(">68xI28x")
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
# A check of every page costs about 1 s a gigabyte from memory, more from a disk.
_CHECK_UP_TO_BYTES = 256 << 20
_LONGEST_VALUE = 4 << 20
# The table as requests-cache 1.3.3 makes it, so that either may have made it first.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, value BLOB, expires INTEGER)",
    "CREATE INDEX IF NOT EXISTS expires_idx ON responses(expires)",
    "CREATE TABLE IF NOT EXISTS redirects (key TEXT PRIMARY KEY, value BLOB, expires INTEGER)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORM}",
)


class Opened(NamedTuple):
    """A store's file as far as it could be opened."""

    connection: sqlite3.Connection | None
    writable: bool
    trouble: str | None
    """Why it cannot be read or written, for a person."""


def open_file(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> Opened:
    """Open the store's file, making it where there is none.

    Parameters
    ----------
    path
        The file; missing folders are made, for the user alone.
    wait_seconds
        How long to wait for another process's lock.

    Returns
    -------
    Opened
        With a connection for reading unless there is trouble even with that.

    Raises
    ------
    StoreError
        If the file is damaged, or another program's. It has not been touched.
    """
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder: TTSFRAME_CACHE must name a file, e.g. {path / 'ttsframe.sqlite'}"
        )
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _make_private(path)
        if path.stat().st_size:
            check(path, wait_seconds=wait_seconds)
        return Opened(_open_for_writing(path, wait_seconds), writable=True, trouble=None)
    except (OSError, sqlite3.OperationalError) as error:
        return _open_for_reading(path, wait_seconds, _trouble(error))
    except sqlite3.DatabaseError as error:
        raise StoreError(_damaged(path, error)) from None


def check(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
    """Check that a file is ours and whole, without changing it.

    Parameters
    ----------
    path
        A file that is there.
    wait_seconds
        How long to wait for another process's lock.

    Raises
    ------
    StoreError
        If it is not ours, damaged, or made by a newer ttsframe.
    OSError, sqlite3.OperationalError
        If it cannot be read now.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
    if header[:16] != _MAGIC or len(header) < _HEADER.size or _HEADER.unpack(header)[0] != APPLICATION_ID:
        raise StoreError(
            f"{path} was not made by ttsframe, and was left as it is. Name another file with TTSFRAME_CACHE."
        )
    try:
        with closing(_connect(path, "?mode=ro", wait_seconds)) as connection:
            _check_form(path, connection)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise StoreError(_damaged(path, error)) from None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error tells of a damaged file, not of one that cannot be used just now."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, (sqlite3.OperationalError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    )


def damaged(path: Path, error: Exception) -> StoreError:
    """Make the error for a damaged file."""
    return StoreError(_damaged(path, error))


def _check_form(path: Path, connection: sqlite3.Connection) -> None:
    if path.stat().st_size <= _CHECK_UP_TO_BYTES:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found.replace("\n", " ").removeprefix("*** in database main *** "))
    if connection.execute("PRAGMA user_version").fetchone()[0] > FORM:
        raise StoreError(
            f"{path} was made by a newer ttsframe. Update ttsframe, or name another TTSFRAME_CACHE."
        )
    things = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    # Views and triggers would run someone else's SQL on our reads and writes.
    if ("table", "responses") not in things or {kind for kind, _ in things} - {"table", "index"}:
        raise StoreError(
            f"{path} does not hold the tables of a store. Name another file with TTSFRAME_CACHE."
        )


def connect_writer(path: Path, wait_seconds: float) -> sqlite3.Connection:
    """Open a second connection to a file that `open_file` has opened, for the writer's thread."""
    connection = _connect(path, "?mode=rw", wait_seconds)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, so that it is never readable to others."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _FILE_MODE))
    except FileExistsError:
        return


def _open_for_writing(path: Path, wait_seconds: float) -> sqlite3.Connection:
    connection = _connect(path, "?mode=rw", wait_seconds)
    try:
        # In one transaction and before WAL, so that the mark stands in the file's own header.
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_for_reading(path: Path, wait_seconds: float, trouble: str) -> Opened:
    """What can still be read: a store on a read-only disk answers without being written."""
    wal = path.with_name(path.name + "-wal")
    immutable = "" if wal.exists() and wal.stat().st_size else "&immutable=1"
    if "locked" not in trouble and os.access(path, os.R_OK) and path.stat().st_size:
        try:
            connection = _connect(path, f"?mode=ro{immutable}", wait_seconds)
            _check_form(path, connection)
        except sqlite3.Error:
            return Opened(None, writable=False, trouble=trouble)
        return Opened(connection, writable=False, trouble=trouble)
    return Opened(None, writable=False, trouble=trouble)


def _connect(path: Path, parameters: str, wait_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}{parameters}",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    return connection


def _trouble(error: Exception) -> str:
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return text.lower()


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"the store {path} is damaged ({error}), and was left as it is. Move it away or delete it, "
        "or name another file with TTSFRAME_CACHE; the answers in it will be asked for again."
    )
