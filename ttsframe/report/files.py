"""Write files whole or not at all, and say in plain words why it could not be done."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ttsframe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a file beside `target` to write to, and put it in `target`'s place at the end.

    Parameters
    ----------
    target
        The file to write; missing folders above it are made, a link is followed.

    Yields
    ------
    pathlib.Path
        The file to write to. If the block raises, Ctrl-C included, it is removed and `target`
        stays as it was.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    whole, part = _places(target)
    try:
        folder(whole.parent)
        yield part
        part.replace(whole)
    except OSError as error:
        raise InputError(_advice(target, error)) from error
    finally:
        _remove(part)


def check(target: Path) -> None:
    """Find out before hours of work whether `replacing` could write; nothing is left behind.

    Parameters
    ----------
    target
        The file that is to be written.

    Raises
    ------
    InputError
        If it could not be written.
    """
    whole, part = _places(target)
    made = [place for place in whole.parents if not place.exists()]
    try:
        folder(whole.parent)
        part.touch(exist_ok=False)
    except OSError as error:
        raise InputError(_advice(target, error)) from error
    finally:
        _remove(part)
        for place in made:
            with suppress(OSError):
                place.rmdir()


def folder(path: Path) -> Path:
    """Make a folder, and those above it, if they are missing.

    Raises
    ------
    InputError
        If a file stands in the way, or the folder cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_advice(path, error)) from error
    return path


def remove(path: Path) -> None:
    """Remove a file of ours.

    Raises
    ------
    InputError
        If it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(_advice(path, error)) from error


def _places(target: Path) -> tuple[Path, Path]:
    """The file that a name leads to, and the one beside it that is written first."""
    whole = Path(os.path.realpath(target))
    try:
        is_folder = stat.S_ISDIR(whole.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        is_folder = False
    except OSError as error:
        raise InputError(_advice(target, error)) from error
    if is_folder:
        raise InputError(f"{target} is a folder: name a file in it, e.g. {target / 'orders.csv'}.")
    return whole, whole.with_name(f".{whole.stem[:80]}.{secrets.token_hex(4)}.part{whole.suffix}")


def _advice(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"{path} cannot be written: if it is open in Excel or another program, close it there and "
            "run this again; otherwise name a place where you may write."
        )
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{path} cannot be made, because a file stands where a folder should be: name another folder."
    if error.errno == errno.ENOSPC:
        return f"{path} cannot be written, because the disk is full: make room or name another disk."
    if error.errno == errno.ENAMETOOLONG:
        return f"{path} cannot be written, because its name is too long: name a shorter one."
    return f"{path} cannot be written ({error.strerror or error}): name another place."


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder is gone or locked; nothing of the target was touched
