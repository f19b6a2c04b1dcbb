"""Connections to the cache file: for reading, and for writing where there may be no file yet.

Nothing here waits longer than its caller allows, whatever another process does with the file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
import weakref
from typing import TYPE_CHECKING, ClassVar, Self

from ttsframe.cache import validate
from ttsframe.cache.validate import APPLICATION_ID, SCHEMA_VERSION, TABLES, connect

if TYPE_CHECKING:
    from pathlib import Path

WAIT_SECONDS = 5.0

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_RETRY_SECONDS = 0.02
_SAID_BY_SQLITE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; it or its folder may be read-only",
    sqlite3.SQLITE_PERM: "this user may not use the file",
    # SQLite says this of a full disk too, where it cannot make its side files.
    sqlite3.SQLITE_IOERR: "the disk is full or fails",
}
_SAID_BY_SYSTEM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full for this user",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EEXIST: "its folder cannot be made: a file is in the way",
    errno.ENOTDIR: "its folder cannot be made: a file is in the way",
}
UNAVAILABLE = (sqlite3.OperationalError, OSError)
"""What stands for a file that cannot be used just now."""


class Slot:
    """Holds a connection, for use within `with`; it is closed before this process forks.

    SQLite's locks do not survive a fork, so a child that knew the connection could harm the file.
    """

    _registry: ClassVar = threading.RLock()
    _slots: ClassVar[weakref.WeakSet[Slot]] = weakref.WeakSet()
    _locked: ClassVar[list[Slot]] = []

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        with self._registry:
            self._slots.add(self)

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def close(self) -> None:
        """Close the connection, if there is one."""
        with self:
            connection, self.connection = self.connection, None
            if connection:
                connection.close()

    @classmethod
    def before_fork(cls) -> None:
        """Wait until no connection is in use, and close them all."""
        cls._registry.acquire()
        for slot in list(cls._slots):
            slot._lock.acquire()  # noqa: SLF001
            cls._locked.append(slot)
            slot.close()

    @classmethod
    def after_fork(cls) -> None:
        """Go on, in the parent as in the child: whoever needs a connection opens one."""
        while cls._locked:
            cls._locked.pop()._lock.release()  # noqa: SLF001
        cls._registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=Slot.before_fork, after_in_parent=Slot.after_fork, after_in_child=Slot.after_fork
    )


def open_for_reading(path: Path, *, wait_seconds: float) -> sqlite3.Connection | None:
    """Open the cache file to read it, changing nothing; None where there is no file yet."""
    until = time.monotonic() + wait_seconds
    if not validate.exists(path):
        return None
    validate.check(path, until=until)
    try:
        # Not `mode=ro`: that would leave the side files of the WAL behind.
        return validate.readable(connect(path, "mode=rw", until=until))
    except sqlite3.OperationalError as error:
        if validate.is_busy(error):
            raise
    # The folder or the disk is read-only.
    return validate.open_readonly(path, until=until)


def open_for_writing(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> sqlite3.Connection:
    """Open the cache file to write it, making it and its folders where there is none."""
    until = time.monotonic() + wait_seconds
    _make_folder(path.parent)
    _make_private(path)
    if validate.exists(path):
        validate.check(path, until=until)
    while True:
        try:
            return _prepared(connect(path, "mode=rw", until=until))
        except sqlite3.OperationalError as error:
            # The change to WAL does not wait for a lock by itself.
            if not validate.is_busy(error) or time.monotonic() >= until:
                raise
            time.sleep(_RETRY_SECONDS)


def check_writable(connection: sqlite3.Connection) -> None:
    """Make sure that a connection may write, without writing; raises sqlite3.OperationalError."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Of a read-only file SQLite makes `BEGIN IMMEDIATE` a plain `BEGIN`.
        connection.execute("DELETE FROM responses WHERE 0")
    finally:
        connection.execute("ROLLBACK")


def describe(error: BaseException) -> str:
    """Say for a person why the file cannot be used."""
    if validate.is_busy(error):
        return "another program keeps it locked"
    if isinstance(error, OSError):
        return _SAID_BY_SYSTEM.get(error.errno or 0, str(error))
    return _SAID_BY_SQLITE.get(validate.primary_code(error), str(error))


def _make_folder(folder: Path) -> None:
    """Make missing folders; `mkdir(parents=True)` would leave the upper ones open to others."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for each in reversed(missing):
        each.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, so that it is never readable to others."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _FILE_MODE))
    except FileExistsError:
        return


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        marks = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        if marks != (APPLICATION_ID, SCHEMA_VERSION):
            # In one transaction and before WAL, so that the mark stands in the file's own header.
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES:
                connection.execute(statement)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
