"""Order ids → requests; answers → outcomes; the gateway's error table as data.

Source: TikTok Shop's reference, Get External Order References and Common Errors, and what independent
clients of it have met. What the two leave open is read both ways.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, NamedTuple

import msgspec
import orjson

from ttsframe.errors import InputError
from ttsframe.outcomes import LineItem, Outcome, Reference

PLATFORMS = (
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
)
DEFAULT_PLATFORM = "SHOPIFY"
MOST_BYTES = 1 << 20
READ_SCOPE = "seller.order.ext_ref.read"
SHOP_FIELDS = ("name", "region", "seller_type", "id", "code", "cipher")


class Request(NamedTuple):
    """A request, before it is stamped and signed."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    needs_shop: bool = True


class Verdict(Enum):
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


class Answer(NamedTuple):
    """An answer that has been read."""

    verdict: Verdict
    outcome: Outcome


class _Entry(NamedTuple):
    """A line of the error table; `hint` must stand in the message, where there is one."""

    verdict: Verdict
    status: str = "failed"
    reason: str = "unknown_code"
    hint: str = ""


_SERVER = _Entry(Verdict.SERVER, reason="server_error")
_THROTTLED = _Entry(Verdict.THROTTLED, reason="throttled")
_TOKEN = _Entry(Verdict.TOKEN)
_PERMISSION = _Entry(Verdict.PERMISSION)
_CONTRACT = _Entry(Verdict.CONTRACT)

_TABLE: dict[str, tuple[_Entry, ...]] = {
    **dict.fromkeys(("36009002", "36009037"), (_THROTTLED,)),
    **dict.fromkeys(
        ["36009003", "36009007", "10002014", "10002015", "10006402", "10037002", "10037003", "10037004"],
        (_SERVER,),
    ),
    # The order matters: a message may name several parameters, the credential first.
    "36009004": (
        _Entry(Verdict.SIGNATURE, hint="signature"),
        _Entry(Verdict.SIGNATURE, hint="missing credentials"),
        _Entry(Verdict.CLOCK, hint="timestamp"),
        _Entry(Verdict.TOKEN, hint="access_token"),
        _Entry(Verdict.TOKEN, hint="access-token"),
        _Entry(Verdict.APP_KEY, hint="app_key"),
        _Entry(Verdict.ROW, reason="bad_parameter"),
    ),
    **dict.fromkeys(["105002", "101000", "36004004", "36004001", "36004005"], (_TOKEN,)),
    **dict.fromkeys(["105005", "36009033", "36009043", "36009044"], (_PERMISSION,)),
    "106001": (_Entry(Verdict.SIGNATURE),),
    "106013": (_Entry(Verdict.SHOP),),
    "21008111": (_Entry(Verdict.ROW, "denied", "not_this_shop"),),
    "36020001": (_Entry(Verdict.ROW, "invalid", "refused_id"),),
    **dict.fromkeys(["36009009", "36009010", "36009014", "36009022", "36009023"], (_CONTRACT,)),
}
_new = tuple.__new__
_UNKNOWN = _Entry(Verdict.ROW)
_MESSAGE_TAIL = "for more details"


def platforms(asked: Any) -> list[str]:  # noqa: ANN401
    """Check the names of platforms.

    Parameters
    ----------
    asked
        One name, or several; case and blanks do not matter.

    Returns
    -------
    list of str
        Distinct names in upper case, in the order asked.

    Raises
    ------
    InputError
        If a name is none of the ten, naming them; or if none is asked.
    """
    given = [asked] if isinstance(asked, str) else list(asked)
    found = list(dict.fromkeys(str(name).strip().upper() for name in given))
    unknown = [name for name in found if name not in PLATFORMS]
    if unknown or not found:
        what = f"no such platform: {', '.join(unknown)}" if unknown else "no platform was given"
        raise InputError(f"{what}. The platforms are: {', '.join(PLATFORMS)}.")
    return found


def reference_request(order_id: str, platform: str) -> Request:
    """Describe `Get External Order References` for one order."""
    return Request("GET", f"/order/202406/orders/{order_id}/external_orders", {"platform": platform})


def shops_request() -> Request:
    """Describe `Get Authorized Shops`, which is signed without a shop."""
    return Request("GET", "/authorization/202309/shops", {}, needs_shop=False)


def payload(body: bytes | str) -> Any:  # noqa: ANN401
    """Decode a body; None where it is no JSON, too large or nested too deep."""
    if not body or len(body) > MOST_BYTES:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def read_answer(http_status: int, content: Any, *, order_id: str, platform: str) -> Answer:  # noqa: ANN401
    """Read the answer of `Get External Order References`.

    Parameters
    ----------
    http_status
        The HTTP status; tells only where the body does not.
    content
        The decoded body, as `payload` gives it.
    order_id
        The order that was asked about.
    platform
        The platform that was asked about: others' references are left out.

    Returns
    -------
    Answer
        The verdict for the run, and the outcome for the order.
    """
    answer = judge(http_status, content)
    if answer.verdict is not Verdict.ANSWERED:
        return answer
    try:
        found = _references(content.get("data"), order_id, platform)
    except (AttributeError, TypeError, ValueError) as error:
        return _bad(http_status, f"the answer's form is not known: {error}", answer.outcome.request_id)
    if not found:
        return answer
    return Answer(Verdict.ANSWERED, answer.outcome._replace(status="linked", references=found))


def judge(http_status: int, content: Any) -> Answer:  # noqa: ANN401
    """Tell what the answer to any call means, by its envelope: `unlinked` stands for a success."""
    code, message, request_id = envelope(content)
    if code is None:
        return _without_envelope(http_status, content)
    if code == "0":
        return Answer(Verdict.ANSWERED, Outcome("unlinked", None, (), None, None, http_status, request_id))
    entry = find(code, message)
    outcome = Outcome(entry.status, entry.reason, (), code, message, http_status, request_id)
    return Answer(entry.verdict, outcome)


def read_shops(content: Any) -> list[dict[str, str | None]] | None:  # noqa: ANN401
    """Read a good answer of `Get Authorized Shops`; None where its form is not known."""
    data = content.get("data")
    shops = data.get("shops") if isinstance(data, dict) else data
    if shops is None:
        return []
    if not isinstance(shops, list) or shops is data:
        return None
    try:
        return [{name: _plain_text(shop.get(name)) for name in SHOP_FIELDS} for shop in shops]
    except (AttributeError, TypeError):
        return None


class _Line(msgspec.Struct, gc=False):
    id: str | None = None
    origin_id: str | None = None


class _External(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    id: str
    platform: str
    line_items: list[_Line] | None = None


class _Data(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    external_orders: list[_External] | None = None


class _Body(msgspec.Struct, gc=False):
    """The published form of a good answer, which nearly all that are stored have."""

    code: int
    data: _Data | None = None
    request_id: str | None = None


_decode_plain = msgspec.json.Decoder(_Body).decode


def read_stored(
    http_status: int,
    body: Any,  # noqa: ANN401
    *,
    order_id: str,
    platform: str,
    fetched_at: float,
) -> Outcome:
    """Read an answer that was stored, as `read_answer` does.

    Parameters
    ----------
    http_status
        As for `read_answer`.
    body
        The body, JSON: bytes, or what holds them.
    order_id
        As for `read_answer`.
    platform
        As for `read_answer`.
    fetched_at
        When the answer was given, Unix seconds.

    Returns
    -------
    Outcome
        What `read_answer` tells, marked as from the store.
    """
    # Stored answers come by the million: the published form is decoded straight into its types, which
    # takes a quarter of the time. Whatever is not exactly that is read with all the care of a fresh one.
    try:
        plain = _decode_plain(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        plain = None
    found = None if plain is None else _plain_references(plain, platform)
    if plain is None or found is None:
        content = payload(bytes(body))
        answer = read_answer(http_status, content, order_id=order_id, platform=platform)
        return answer.outcome._replace(fetched_at=fetched_at, from_cache=True)
    status = "linked" if found else "unlinked"
    # As `Outcome(…)`, in a third of the time.
    return _new(Outcome, (status, None, found, None, None, http_status, plain.request_id, fetched_at, True))


def _plain_references(plain: _Body, platform: str) -> tuple[Reference, ...] | None:
    """The reference of a plain answer, or none; None where it has to be read with care."""
    entries = plain.data.external_orders if plain.data else None
    if plain.code != 0 or (entries and len(entries) > 1):
        return None
    if not entries:
        return ()
    (entry,) = entries
    if entry.platform != platform or entry.id.strip() != entry.id or not entry.id:
        return None
    lines: tuple[LineItem, ...] = ()
    if entry.line_items:
        lines = tuple(dict.fromkeys(LineItem(line.id, line.origin_id) for line in entry.line_items))
    return (_new(Reference, (entry.id, lines)),)


def envelope(content: Any) -> tuple[str | None, str, str | None]:  # noqa: ANN401
    """Return code, message and request id of an answer; the code is None where there is none."""
    if not isinstance(content, dict):
        return None, "", None
    code = content.get("code")
    if isinstance(code, bool) or not isinstance(code, (int, str)) or not str(code).strip():
        return None, "", None
    request_id = content.get("request_id")
    return (
        str(code).strip(),
        str(content.get("message") or ""),
        None if request_id is None else str(request_id),
    )


def find(code: str, message: str) -> _Entry:
    """Find an error in the table, by its code and, where codes are shared, by its message."""
    plain = message.translate(str.maketrans("", "", "\"'`")).lower().split(_MESSAGE_TAIL, maxsplit=1)[0]
    return next((entry for entry in _TABLE.get(code, ()) if entry.hint in plain), _UNKNOWN)


def _without_envelope(http_status: int, content: Any) -> Answer:  # noqa: ANN401
    if http_status == 429:  # noqa: PLR2004
        return Answer(Verdict.THROTTLED, Outcome("failed", "throttled", http_status=http_status))
    if http_status >= 500:  # noqa: PLR2004
        said = f"HTTP status {http_status}"
        return Answer(Verdict.SERVER, Outcome("failed", "server_error", (), None, said, http_status))
    if 300 <= http_status < 400:  # noqa: PLR2004
        return _bad(http_status, f"a redirect (HTTP status {http_status}), which is not followed")
    what = "no JSON" if content is None else "no code in it"
    return _bad(http_status, f"the answer could not be read: {what}")


def _bad(http_status: int | None, message: str, request_id: str | None = None) -> Answer:
    outcome = Outcome("failed", "bad_answer", (), None, message, http_status, request_id)
    return Answer(Verdict.BAD_ANSWER, outcome)


def _references(data: Any, order_id: str, platform: str) -> tuple[Reference, ...]:  # noqa: ANN401
    """Both shapes of the answer; several entries of one external order become one."""
    if not data:
        return ()
    # The published contract says `external_orders`, a third party's page the other.
    entries = [*(data.get("external_orders") or ()), *(data.get("external_order_references") or ())]
    if len(entries) == 1 and _is_plain(entries[0], platform):
        return (Reference(entries[0]["id"]),)
    found: dict[str, list[LineItem]] = {}
    for entry in entries:
        external_id = _external_id(entry, order_id, platform)
        if external_id:
            found.setdefault(external_id, []).extend(map(_line_item, entry.get("line_items") or ()))
    return tuple(Reference(name, tuple(dict.fromkeys(lines))) for name, lines in found.items())


def _is_plain(entry: Any, platform: str) -> bool:  # noqa: ANN401
    """The commonest entry, told apart fast: `{id, platform}` without lines."""
    return (
        type(entry) is dict
        and entry.get("platform") == platform
        and type(entry.get("id")) is str
        and entry["id"].strip() == entry["id"] != ""
        and not entry.get("line_items")
        and "order_id" not in entry
    )


def _external_id(entry: dict[str, Any], order_id: str, platform: str) -> str | None:
    """The id of an entry; None where it is another platform's, or has none."""
    of = entry.get("order_id")
    if of is not None and str(of).strip() not in ("", order_id):
        raise ValueError("it is about another order")
    if str(entry.get("platform") or platform).strip().upper() != platform:
        return None
    external_id = _plain_text(entry.get("id", entry.get("external_order_id")))
    return external_id.strip() or None if external_id else None


def _plain_text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("neither text nor a whole number")
    return str(value)


def _line_item(entry: dict[str, Any]) -> LineItem:
    id_, origin_id = entry.get("id"), entry.get("origin_id")
    return LineItem(None if id_ is None else str(id_), None if origin_id is None else str(origin_id))
