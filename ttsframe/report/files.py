"""Write files whole or not at all, and say in plain words why a file cannot be written."""

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
def atomic_write(target: Path) -> Iterator[Path]:
    """Yield a file beside `target` to write to, and move it to `target` at the end; remove it on an error."""
    whole, part = _resolve(target)
    try:
        ensure_dir(whole.parent)
        yield part
        part.replace(whole)
    except OSError as error:
        raise InputError(_explain(target, error)) from error
    finally:
        _remove(part)


def check_writable(target: Path) -> None:
    """Find out before hours of work whether `atomic_write` could write; leave nothing behind."""
    whole, part = _resolve(target)
    missing = [folder for folder in whole.parents if not folder.exists()]
    try:
        ensure_dir(whole.parent)
        part.touch(exist_ok=False)
    except OSError as error:
        raise InputError(_explain(target, error)) from error
    finally:
        _remove(part)
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


def ensure_dir(path: Path) -> Path:
    """Make a folder, and those above it, if they are missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_explain(path, error)) from error
    return path


def remove(path: Path) -> None:
    """Remove a file of ours."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(_explain(path, error)) from error


def _resolve(target: Path) -> tuple[Path, Path]:
    """The file that a name leads to, and the one beside it that is written first."""
    whole = Path(os.path.realpath(target))
    try:
        is_folder = stat.S_ISDIR(whole.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        is_folder = False
    except OSError as error:
        raise InputError(_explain(target, error)) from error
    if is_folder:
        raise InputError(f"{target} is a folder: name a file in it, e.g. {target / 'orders.csv'}.")
    return whole, whole.with_name(f".{whole.stem[:80]}.{secrets.token_hex(4)}.part{whole.suffix}")


def _explain(path: Path, error: OSError) -> str:
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
