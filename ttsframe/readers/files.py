"""Which files are meant, and their bytes."""

from __future__ import annotations

import difflib
import glob
import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ttsframe.errors import InputError
from ttsframe.readers.headers import likeness, listed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WILD = re.compile(r"[*?\[]")
_DIGITS = re.compile(r"(\d+)")
_NAMES_TOLD = 5


class Source(NamedTuple):
    """One export: a path that is read when its turn comes, or what a file object held."""

    name: str
    """How messages and `source_file` call it."""
    path: Path | None
    content: bytes | None


def find_sources(paths: Any) -> tuple[list[Source], list[Note]]:  # noqa: ANN401
    """Find the sources, each once, in order; ``export_2`` of a glob before ``export_10``."""
    found: list[Path | Source] = []
    for one in _several(paths):
        found.extend([_held(one, len(found) + 1)] if hasattr(one, "read") else _paths_of(one))
    if not found:
        raise InputError("no file was given: name at least one export.", parameter="paths")
    distinct, repeated = _distinct(found)
    text = f"{counted(repeated, 'file was', 'files were')} given twice and read once."
    return _named(distinct), [Note("decision", text)] if repeated else []


def read_bytes(source: Source) -> bytes:
    """Return the bytes of a source; refuse one that is empty or cannot be read."""
    if source.content is not None:
        content = source.content
    else:
        assert source.path is not None  # noqa: S101
        try:
            content = source.path.read_bytes()
        except PermissionError:
            raise InputError(f"{source.name} may not be read: change its permissions, or copy it.") from None
        except OSError as error:
            raise InputError(f"{source.name} cannot be read: {error.strerror or error}.") from None
    if not content.strip(b"\x00\xef\xbb\xbf\xfe\xff \t\r\n"):
        raise InputError(f"{source.name} is empty: download the export again.")
    return content


def _several(paths: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(paths, (str, bytes, os.PathLike)) or hasattr(paths, "read"):
        return [paths]
    if paths is None or hasattr(paths, "columns") or not hasattr(paths, "__iter__"):
        raise InputError(
            f"must be a path, a glob, a file object or a list of them, not {type(paths).__name__}.",
            parameter="paths",
        )
    return list(paths)


def _held(handle: Any, number: int) -> Source:  # noqa: ANN401
    given = getattr(handle, "name", None)
    name = Path(given).name if isinstance(given, str) and given else f"file {number}"
    try:
        content = handle.read()
    except UnicodeDecodeError:
        raise InputError(
            f"{name} was opened with the wrong encoding: open it with mode 'rb'.", parameter="paths"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be read ({error}): open it anew.", parameter="paths") from None
    if isinstance(content, str):
        content = content.encode("utf-8", errors="surrogatepass")
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InputError(f"{name} gives neither text nor bytes: open it as a file.", parameter="paths")
    return Source(name, None, bytes(content))


def _paths_of(given: Any) -> list[Path]:  # noqa: ANN401
    if not isinstance(given, (str, bytes, os.PathLike)):
        raise InputError(
            f"must be a path, a glob or a file object, not {type(given).__name__}.", parameter="paths"
        )
    text = os.path.expanduser(os.fsdecode(given))  # noqa: PTH111
    path = Path(text)
    try:
        if path.is_dir():
            raise InputError(
                f"{text} is a folder: name the files in it, as in '{path / '*.csv'}'.", parameter="paths"
            )
        if path.exists():
            return [path]
    except (OSError, ValueError):
        raise InputError(f"{text[:80]!r} is not the name of a file.", parameter="paths") from None
    return _matches(text) if _WILD.search(text) else _missing(path)


def _matches(pattern: str) -> list[Path]:
    """Return the files of a glob, without the lock files that Excel leaves beside open workbooks."""
    matches = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207
    files = [path for path in matches if path.is_file() and not path.name.startswith("~$")]
    if not files:
        sure = itertools.takewhile(lambda part: not _WILD.search(part), Path(pattern).parts)
        raise InputError(f"no file matches {pattern!r}: {_held_in(Path(*sure), pattern)}.", parameter="paths")
    return sorted(files, key=_natural)


def _held_in(folder: Path, wanted: str) -> str:
    """Tell what is in the folder that was searched, the names most like the wanted one first."""
    place, like = folder.resolve(), Path(wanted).name.casefold()
    if not place.is_dir():
        return f"there is no folder {place}"
    try:
        items = [item for item in place.iterdir() if not item.name.startswith((".", "~$"))]
    except OSError as error:
        return f"the folder {place} cannot be read ({error.strerror})"
    items.sort(key=_natural)
    items.sort(key=lambda item: -likeness(like, item.name.casefold()))
    names = [f"{item.name}{os.sep if item.is_dir() else ''}" for item in items]
    return (
        f"the folder {place} holds {listed(names, _NAMES_TOLD)}" if names else f"the folder {place} is empty"
    )


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = _DIGITS.split(str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], str(path)


def _missing(path: Path) -> list[Path]:
    near: list[str] = []
    if path.parent.is_dir():
        near = difflib.get_close_matches(path.name, [item.name for item in path.parent.iterdir()], n=1)
    if near:
        hint = f"; did you mean {str(path.parent / near[0])!r}?"
    else:
        hint = f": {_held_in(path.parent, path.name)}."
    raise InputError(f"there is no file {str(path)!r}{hint}", parameter="paths")


def _distinct(found: Sequence[Path | Source]) -> tuple[list[Path | Source], int]:
    seen: set[Path] = set()
    kept: list[Path | Source] = []
    for one in found:
        if isinstance(one, Source):
            kept.append(one)
        elif (real := one.resolve()) not in seen:
            seen.add(real)
            kept.append(one)
    return kept, len(found) - len(kept)


def _named(found: Sequence[Path | Source]) -> list[Source]:
    """Call files by their name, and by their path where two have one name."""
    names = [one.name for one in found]
    return [
        one
        if isinstance(one, Source)
        else Source(one.name if names.count(one.name) == 1 else str(one), one, None)
        for one in found
    ]
