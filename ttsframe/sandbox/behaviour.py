"""The options of the sandbox: how it answers, how fast, what it refuses and how it fails.

`Behaviour` is the sum of the small parts below; each stage of the gateway reads its own part.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ttsframe.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHAPES = ("official", "reference")
EMPTIES = ("list", "missing", "null", "null_data", "no_data", "mixed")
CODE_FORMS = ("number", "text")
REFUSALS = ("429", "200", "plain_429")
RETRY_AFTERS = ("none", "seconds", "date")
BAD_SIGNATURES = ("106001", "36009004")
FAULT_KINDS = (
    "reset",
    "hang",
    "http_500",
    "envelope_500",
    "envelope_200",
    "html_503",
    "truncated",
    "cut_json",
    "empty",
    "wrong_type",
    "plain_429",
    "oversized",
    "deep",
    "redirect",
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The form of good answers."""

    shape: str = "official"
    """`official` (`external_orders`) or `reference` (`external_order_references`)."""
    empty: str = "list"
    """How "no reference" looks: `list` (`[]`), `missing` (`data` without the key), `null` (the key is null),
    `null_data` (`data` is null), `no_data` (no `data`), or `mixed`, which depends on the order."""
    all_platforms: bool = False
    """Whether an answer holds every platform's references, whatever was asked."""
    code_form: str = "number"
    """Whether `code` is a `number` or a `text`."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long an answer takes."""

    latency_seconds: float = 0.0
    """The least time before an answer is sent."""
    jitter_seconds: float = 0.0
    """Up to this much is added, evenly spread."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of signed requests, as a token bucket."""

    rate_per_second: float | None = None
    """Requests a second; no limit if None."""
    rate_schedule: tuple[tuple[float, float], ...] = ()
    """Pairs of seconds after the first request and the rate from then on, to move the limit."""
    burst: float | None = None
    """How many requests may come at once; a tenth of a second's, at least two, if None."""
    refusal: str = "429"
    """`429` or `200`: code 36009002 with that HTTP status; `plain_429`: text without envelope."""
    retry_after: str = "none"
    """Whether a refusal has a `Retry-After`: `none`, in `seconds`, or a `date`."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong by chance: always the same for a seed, an order and its try."""

    fault_share: float = 0.0
    """The share, 0 to 1, of accepted requests that get a fault."""
    fault_kinds: tuple[str, ...] = FAULT_KINDS
    """Which of `FAULT_KINDS`, each as likely."""
    fault_seed: int = 0
    """Another seed gives other requests a fault."""
    faults_in_a_row: int | None = None
    """The most faults one after another for one order; no bound if None."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Credentials that do not, or no longer, work."""

    always_code: int | None = None
    """Every signed request is refused with this code of the error table: 105005 (no scope),
    36009043 (shop inactive), 101000, … An unknown code comes with HTTP status 200."""
    order_codes: Mapping[str, int] = field(default_factory=dict)
    """Order id to the code its requests are refused with."""
    token_answers: int | None = None
    """The access token expires (105002) after this many good answers, until it is refreshed."""
    refresh_rotates: bool = True
    """Whether a refresh gives a new refresh token, and the old one ends."""
    bad_signature: str = "106001"
    """A wrong signature is `106001` (HTTP status 500) or `36009004` (400)."""
    clock_offset_seconds: float = 0.0
    """How far the gateway's clock is ahead of this machine's."""
    errors_at_200: bool = False
    """Whether errors come with HTTP status 200, as the gateway at times does."""


@dataclass(frozen=True, kw_only=True)
class Behaviour(Access, Faults, Limit, Latency, Answers):
    """Every option of the sandbox; see `Answers`, `Latency`, `Limit`, `Faults` and `Access`."""

    def __post_init__(self) -> None:
        # One kind may be given bare, and what came through JSON are lists; equal behaviours shall be equal.
        kinds: Any = self.fault_kinds
        object.__setattr__(self, "fault_kinds", (kinds,) if isinstance(kinds, str) else tuple(kinds))
        schedule = tuple((float(after), float(rate)) for after, rate in self.rate_schedule)
        object.__setattr__(self, "rate_schedule", tuple(sorted(schedule)))
        _check_choices(self)
        _check_numbers(self)

    def replace(self, options: Mapping[str, Any]) -> Behaviour:
        """Return this behaviour with some options changed."""
        known = [entry.name for entry in fields(self)]
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise InputError(f"the sandbox has no option {name}.{hint} There are: {', '.join(known)}.")
        return replace(self, **options)


def _check_choices(behaviour: Behaviour) -> None:
    _one_of("shape", (behaviour.shape,), SHAPES)
    _one_of("empty", (behaviour.empty,), EMPTIES)
    _one_of("code_form", (behaviour.code_form,), CODE_FORMS)
    _one_of("refusal", (behaviour.refusal,), REFUSALS)
    _one_of("retry_after", (behaviour.retry_after,), RETRY_AFTERS)
    _one_of("bad_signature", (behaviour.bad_signature,), BAD_SIGNATURES)
    _one_of("fault_kinds", behaviour.fault_kinds, FAULT_KINDS)


def _one_of(name: str, values: Iterable[str], choices: tuple[str, ...]) -> None:
    if wrong := [value for value in values if value not in choices]:
        raise InputError(f"{name} cannot be {wrong[0]!r}; it is one of {', '.join(choices)}.")


def _check_numbers(behaviour: Behaviour) -> None:
    if not 0 <= behaviour.fault_share <= 1:
        raise InputError(f"fault_share is a share from 0 to 1, not {behaviour.fault_share}.")
    if behaviour.fault_share and not behaviour.fault_kinds:
        raise InputError("fault_kinds must name at least one kind when fault_share is above 0.")
    if min(behaviour.latency_seconds, behaviour.jitter_seconds) < 0:
        raise InputError("latency_seconds and jitter_seconds cannot be below 0.")
    rates = [behaviour.rate_per_second, *(rate for _, rate in behaviour.rate_schedule)]
    if any(rate is not None and not 0 < rate < float("inf") for rate in rates):
        raise InputError("a rate must be a number above 0 (requests a second), or None for no limit.")
    if behaviour.burst is not None and behaviour.burst < 1:
        raise InputError("burst must be at least 1.")
