"""What an answer means for the run: its envelope, and the gateway's error table as data.

Source: TikTok Shop's reference, Common Errors, and what independent clients of it have met.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple

import msgspec

from ttsframe.gateway.outcomes import Outcome
from ttsframe.text import one_line

MAX_BYTES = 1 << 20
_TOO_MANY_REQUESTS = 429


class ResponseKind(Enum):
    """What an answer means for the run."""

    ANSWERED = auto()
    ROW = auto()
    """This order has no answer and will not get one."""
    THROTTLED = auto()
    SERVER = auto()
    BAD_ANSWER = auto()
    CLOCK = auto()
    TOKEN = auto()
    SIGNATURE = auto()
    APP_KEY = auto()
    PERMISSION = auto()
    SHOP = auto()
    CONTRACT = auto()


class DecodedResponse(NamedTuple):
    """An answer that has been read."""

    kind: ResponseKind
    outcome: Outcome


class _Entry(NamedTuple):
    """A line of the error table; `hint` must stand in the message, where there is one."""

    kind: ResponseKind
    status: str = "failed"
    reason: str = "unknown_code"
    hint: str = ""


_SERVER = _Entry(ResponseKind.SERVER, reason="server_error")
_THROTTLED = _Entry(ResponseKind.THROTTLED, reason="throttled")
_TOKEN = _Entry(ResponseKind.TOKEN)
_PERMISSION = _Entry(ResponseKind.PERMISSION)
_CONTRACT = _Entry(ResponseKind.CONTRACT)

_TABLE: dict[str, tuple[_Entry, ...]] = {
    **dict.fromkeys(("36009002", "36009037"), (_THROTTLED,)),
    **dict.fromkeys(
        ["36009003", "36009007", "10002014", "10002015", "10006402", "10037002", "10037003", "10037004"],
        (_SERVER,),
    ),
    # The order matters: a message may name several parameters, the credential first.
    "36009004": (
        _Entry(ResponseKind.SIGNATURE, hint="signature"),
        _Entry(ResponseKind.SIGNATURE, hint="missing credentials"),
        _Entry(ResponseKind.CLOCK, hint="timestamp"),
        _Entry(ResponseKind.TOKEN, hint="access_token"),
        _Entry(ResponseKind.TOKEN, hint="access-token"),
        _Entry(ResponseKind.APP_KEY, hint="app_key"),
        _Entry(ResponseKind.ROW, reason="bad_parameter"),
    ),
    **dict.fromkeys(["105002", "101000", "36004004", "36004001", "36004005"], (_TOKEN,)),
    **dict.fromkeys(["105005", "36009033", "36009043", "36009044"], (_PERMISSION,)),
    "106001": (_Entry(ResponseKind.SIGNATURE),),
    "106013": (_Entry(ResponseKind.SHOP),),
    "21008111": (_Entry(ResponseKind.ROW, "denied", "not_this_shop"),),
    "36020001": (_Entry(ResponseKind.ROW, "invalid", "refused_id"),),
    **dict.fromkeys(["36009009", "36009010", "36009014", "36009022", "36009023"], (_CONTRACT,)),
}
_UNKNOWN = _Entry(ResponseKind.ROW)
_MESSAGE_TAIL = "for more details"


def decode_json(body: bytes | str) -> Any:  # noqa: ANN401
    """Decode a body, whole numbers of any size with it; None for no JSON, or too large or deep."""
    if len(body) > MAX_BYTES:
        return None
    try:
        content = msgspec.json.decode(body)
        msgspec.json.encode(content)  # what is nested too deep to be written cannot be cached
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return content


def classify(http_status: int, content: Any) -> DecodedResponse:  # noqa: ANN401
    """Tell what the response to any call means, by its envelope: `unlinked` stands for a success."""
    code, message, request_id = envelope(content)
    if code is None:
        return _without_envelope(http_status, content)
    if code == "0":
        return DecodedResponse(
            ResponseKind.ANSWERED, Outcome("unlinked", None, (), None, None, http_status, request_id)
        )
    entry = lookup_error(code, message)
    if entry is _UNKNOWN and http_status == _TOO_MANY_REQUESTS:
        entry = _THROTTLED
    outcome = Outcome(entry.status, entry.reason, (), code, message, http_status, request_id)
    return DecodedResponse(entry.kind, outcome)


def envelope(content: Any) -> tuple[str | None, str, str | None]:  # noqa: ANN401
    """Return code, message and request id, on one line each; the code is None where there is none."""
    if not isinstance(content, dict):
        return None, "", None
    code = content.get("code")
    if isinstance(code, bool) or not isinstance(code, (int, str)) or not str(code).strip():
        return None, "", None
    request_id = content.get("request_id")
    # Control characters could drive the terminal that shows them.
    return (
        one_line(str(code)).strip(),
        one_line(str(content.get("message") or "")).strip(),
        None if request_id is None else one_line(str(request_id)),
    )


def lookup_error(code: str, message: str) -> _Entry:
    """Find an error in the table, by its code and, where codes are shared, by its message."""
    plain = without_tail(message).translate(str.maketrans("", "", "\"'`"))
    return next((entry for entry in _TABLE.get(code, ()) if entry.hint in plain), _UNKNOWN)


def without_tail(message: str) -> str:
    """Return a message in small letters, without the words and the address that the gateway ends it with."""
    return message.lower().partition(_MESSAGE_TAIL)[0]


def _without_envelope(http_status: int, content: Any) -> DecodedResponse:  # noqa: ANN401
    if http_status == _TOO_MANY_REQUESTS:
        return DecodedResponse(
            ResponseKind.THROTTLED, Outcome("failed", "throttled", http_status=http_status)
        )
    if http_status >= 500:  # noqa: PLR2004
        said = f"HTTP status {http_status}"
        return DecodedResponse(
            ResponseKind.SERVER, Outcome("failed", "server_error", (), None, said, http_status)
        )
    if 300 <= http_status < 400:  # noqa: PLR2004
        return unreadable(http_status, f"a redirect (HTTP status {http_status}), which is not followed")
    return unreadable(http_status, "no JSON" if content is None else "no code")


def unreadable(http_status: int, why: str, request_id: str | None = None) -> DecodedResponse:
    """Make the result for a response that cannot be read."""
    message = f"unexpected response: {why}"
    outcome = Outcome("failed", "bad_answer", (), None, message, http_status, request_id)
    return DecodedResponse(ResponseKind.BAD_ANSWER, outcome)
