"""What can stop a call, named for what the user can do about it.

A row's trouble is a value in its row; an exception means that the call cannot go on.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_DIFFERENCES = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


class TtsframeError(Exception):
    """Anything ttsframe expects to go wrong; the message says what to do next.

    Every leaf below is one of these, so ``except TtsframeError`` catches them all.
    """

    exit_code: int = EXIT_ERROR


class InputError(TtsframeError):
    """The data or an argument does not fit: mend the file, the column or the option."""


class SettingsError(TtsframeError):
    """A setting or credential is missing or malformed: mend the environment or ``.env``."""


class AccessError(TtsframeError):
    """The gateway refuses these credentials: mend the token, secret, scope or cipher."""


class OutageError(TtsframeError):
    """The gateway cannot be reached or does not answer: run the same call again later."""


class StoreError(TtsframeError):
    """The file of stored answers cannot be used: move it away or name another."""


class ContractError(TtsframeError):
    """The gateway says that our request is malformed: report it to the developers."""


class StoreWarning(UserWarning):
    """Answers cannot be stored for now; the run goes on without."""


class DoubtWarning(UserWarning):
    """What was given is likely not what was meant; the result stands."""
