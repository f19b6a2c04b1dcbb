"""What can stop a call, named for what the user can do about it.

Per-order errors are reported in that order's row; an exception means that the call cannot go on.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_DIFFERENCES = 1
EXIT_ERROR = 2
EXIT_INCOMPLETE = 3
EXIT_INTERRUPTED = 130


class TtsframeError(Exception):
    """Anything ttsframe expects to go wrong; the message says what to do next.

    Every class below is one of these, so ``except TtsframeError`` catches them all. To tell them
    apart, name them by their module, as ``tts.errors.OutageError``.

    Parameters
    ----------
    message
        What is wrong and what to do, in whole sentences that do not name the parameter.
    parameter
        The Python name of the argument it is about. `str` puts it before the message, as
        ``max_age: …``; the command line writes ``--max-age: …``.
    """

    exit_code: int = EXIT_ERROR

    def __init__(self, message: str = "", *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}" if self.parameter else self.message

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the message says what to do, the lines that raised it do not."""
        return [f"{type(self).__name__}: {self}"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or the stop button of a notebook, during a look-up: the message says what is kept."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows, as `TtsframeError` does."""
        return [f"{self}"]


class InputError(TtsframeError):
    """The data or an argument does not fit: correct the file, the column or the option."""


class SettingsError(TtsframeError):
    """A setting or credential is missing or malformed: correct the environment or ``.env``."""


class AccessError(TtsframeError):
    """The gateway refuses these credentials: correct the token, secret, scope or cipher."""


class OutageError(TtsframeError):
    """The gateway cannot be reached or does not answer: run the same call again later."""


class CacheError(TtsframeError):
    """The cache file cannot be used: move it away or name another."""


class ContractError(TtsframeError):
    """The gateway says that our request is malformed: report it to the developers."""


class CacheWarning(UserWarning):
    """Answers cannot be cached for now; the run continues without the cache."""


class StaleAnswersWarning(UserWarning):
    """The gateway does not answer; the result holds expired answers: look the orders up again."""


class SuspiciousInputWarning(UserWarning):
    """The input is probably not what was meant; the result stands."""
