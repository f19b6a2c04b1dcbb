"""What the sandbox was asked and what it said, for audits."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import orjson

from ttsframe.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO


class Entry(NamedTuple):
    """One request and what became of it."""

    time: float
    """When it arrived: Unix seconds of this machine's clock."""
    operation: str
    """`get_references`, `search_by_reference`, `add_references`, `search_orders`, `shops`,
    `refresh`, `home`, or `unknown`."""
    order_id: str | None
    platform: str | None
    http_status: int | None
    """None where nothing was answered."""
    code: int | None
    """The code of the envelope; None where there was none."""
    outcome: str
    """`good` (an answer, also that the order is refused: 21008111, 36020001), `throttled`,
    `error`, `gone` (the client left before the answer), or the kind of the fault."""
    connection: int
    """Connections are numbered from 1."""


_UNSIGNED = frozenset({"refresh", "home", "unknown"})


class Log(list[Entry]):
    """The entries in order of answering, with the counts that audits need."""

    @property
    def requests(self) -> list[Entry]:
        """The requests of signed operations."""
        return [entry for entry in self if entry.operation not in _UNSIGNED]

    @property
    def throttled(self) -> list[Entry]:
        """The requests refused for rate."""
        return [entry for entry in self if entry.outcome == "throttled"]

    @property
    def refreshes(self) -> list[Entry]:
        """The refreshes of the token that were granted."""
        return [entry for entry in self if entry.operation == "refresh" and entry.outcome == "good"]

    @property
    def good_answers(self) -> Counter[tuple[str, str]]:
        """How often each order and platform had a good answer."""
        return Counter(
            (entry.order_id or "", entry.platform or "")
            for entry in self
            if entry.operation == "get_references" and entry.outcome == "good"
        )

    @property
    def asked_after_good_answer(self) -> Counter[tuple[str, str]]:
        """How often each order and platform was asked for once more than needed."""
        answered: set[tuple[str, str]] = set()
        again: Counter[tuple[str, str]] = Counter()
        for entry in self:
            if entry.operation == "get_references":
                key = (entry.order_id or "", entry.platform or "")
                again[key] += key in answered
                if entry.outcome == "good":
                    answered.add(key)
        return +again

    @property
    def connections(self) -> int:
        """How many connections carried a request."""
        return len({entry.connection for entry in self})


class Recorder:
    """Keeps entries in memory, in a file, or both.

    Parameters
    ----------
    log
        The list to append to, if any.
    path
        The file to append to, a JSON object a line, if any.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """

    def __init__(self, log: Log | None, path: str | Path | None) -> None:
        self._log = log
        self._file = None if path is None else _append_to(path)
        self._lock = threading.Lock()

    def record(self, entry: Entry) -> None:
        """Keep an entry; it is in the file after the next `flush`."""
        if self._log is not None:
            self._log.append(entry)
        if self._file:
            line = orjson.dumps(entry._asdict()).decode()
            with self._lock:
                self._file.write(line + "\n")

    def flush(self) -> None:
        """Write out what was recorded."""
        if self._file:
            with self._lock:
                self._file.flush()

    def close(self) -> None:
        """Write out everything and close the file."""
        if self._file:
            with self._lock:
                self._file.close()


def _append_to(path: str | Path) -> TextIO:
    try:
        return open(path, "a", encoding="utf-8")  # noqa: PTH123 - closed with the recorder
    except OSError as error:
        raise SettingsError(
            f"the sandbox cannot write its log to {path}: {error}. Name another file."
        ) from error


def read_log(path: str | Path) -> Log:
    """Read a log file.

    Parameters
    ----------
    path
        The file that a sandbox was given as `log_file`.

    Returns
    -------
    Log
        Every entry but a last line that is not yet whole.
    """
    with open(path, encoding="utf-8") as lines:  # noqa: PTH123 - a str is as good as a Path
        return Log(_entries(lines))


def _entries(lines: Iterator[str]) -> Iterator[Entry]:
    for line in lines:
        if line.endswith("\n"):
            yield Entry(**orjson.loads(line))
