"""The policy that `workers` follows: how long to wait, when to give up. Pure: no clock, no socket.

An order has a number of tries of its own; a refusal for rate costs it none; an outage ends the run.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttsframe.errors import AccessError, ContractError, OutageError, SettingsError, TtsframeError
from ttsframe.gateway import READ_SCOPE, ResponseKind, without_tail

if TYPE_CHECKING:
    from ttsframe.gateway import DecodedResponse

BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0
# An order that is throttled this often, while others get through, is given up.
MAX_THROTTLES = 100
# A kept connection may be closed at the moment that it is used: once, that is no failure.
FREE_RECONNECTS = 1
UNREACHABLE_TRIES = 3
_SUSPICIOUS_IN_A_ROW = 20
# A few messages that name what all requests share are proof; others may be about the first orders only.
_SAME_SHARED_REFUSALS = 10
_SAME_REFUSALS = 100
# The shop, its id or cipher, or the app key; not SHOPIFY, and not "TikTok Shop".
_SHARED = re.compile(r"(?<!tiktok )\bshop(?![a-z])|cipher|app[ _]?key")
AGAIN = "Run the same command again and it goes on."


@dataclass
class Attempt:
    """One key on its way: how often it has been tried."""

    index: int
    tries: int = 0
    throttles: int = 0
    drops: int = 0
    """How often a connection was closed before a byte of an answer."""
    first_sent_at: float = math.inf
    """When it was first sent, not counting what an outage ended."""
    sent_at: float = math.inf

    def send(self, now: float) -> None:
        """Note that it is sent."""
        self.sent_at = now
        self.first_sent_at = min(self.first_sent_at, now)

    def spare(self) -> None:
        """Forget that it was sent: its failure was not its own."""
        self.first_sent_at = math.inf


def backoff_seconds(tries: int, *, jitter: float | None = None) -> float:
    """Return the wait before the next try: 1 s × 2^(tries − 1) and up to 0.5 s more, at most 60 s."""
    spread = random.random() if jitter is None else jitter  # noqa: S311 - no secret
    return min(MAX_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** min(tries - 1, 16) + 0.5 * spread)


class CircuitBreaker:
    """Says when the gateway as a whole has stopped answering.

    An order that has no answer though others were answered after it was sent has a problem of its own,
    which is no sign of an outage: where nothing but such orders is left, they end with their tries.
    So does the last order that is left: one order alone cannot tell an outage from a problem of its own.
    """

    def __init__(self, limit_seconds: float, *, now: float) -> None:
        self._limit_seconds = limit_seconds
        self._quiet_since = now
        self._bad_in_a_row = 0
        self._last = "no answer"
        self._good_sent_at = -math.inf
        self._good_at = -math.inf
        self._sent: dict[int, Attempt] = {}
        self.answered = False
        """Whether there was any good answer."""

    @property
    def suspected(self) -> bool:
        """Whether so many responses in a row were bad that the orders are not to blame."""
        return self._bad_in_a_row >= _SUSPICIOUS_IN_A_ROW

    def record_sent(self, attempt: Attempt) -> None:
        """Note a request that is sent."""
        self._sent[attempt.index] = attempt

    def record_success(self, now: float, attempt: Attempt) -> None:
        """Note a good answer."""
        self._quiet_since = max(self._quiet_since, now)
        self._good_at = max(self._good_at, now)
        self._good_sent_at = max(self._good_sent_at, attempt.sent_at)
        self._bad_in_a_row = 0
        self.answered = True

    def record_failure(self, what: str, attempt: Attempt) -> None:
        """Note a response that is no answer, or none at all."""
        self._last = what
        if attempt.first_sent_at >= self._good_sent_at:
            self._bad_in_a_row += 1

    def forget(self, attempt: Attempt) -> None:
        """Note that an order is finished, however it ended."""
        self._sent.pop(attempt.index, None)

    def is_over(self, now: float, *, unfinished: int) -> bool:
        """Whether the run has to end: it waited too long for any good answer that there may be."""
        if self.seconds_left(now) > 0:
            return False
        before = math.inf if self.answered and unfinished == 1 else self._good_at
        return unfinished > sum(attempt.first_sent_at < before for attempt in tuple(self._sent.values()))

    def record_throttle(self, what: str, attempt: Attempt) -> None:
        """Note a refusal for rate: no answer, but no sign of an outage, nor a problem of the order."""
        self._last = what
        attempt.spare()

    def defer(self, until: float) -> None:
        """Note that the gateway asked us to wait: that time does not count as an outage."""
        self._quiet_since = max(self._quiet_since, until)

    def seconds_left(self, now: float) -> float:
        """Return how long the run may still wait for a good answer."""
        return self._quiet_since + self._limit_seconds - now

    def unreachable(self, attempt: Attempt) -> bool:
        """Whether the host was never there: nothing answered, and one order has tried enough."""
        return not self.answered and attempt.tries >= UNREACHABLE_TRIES

    def error(self) -> OutageError:
        """Make the error that ends the run."""
        return OutageError(
            f"the gateway has given no good answer for {self._limit_seconds:g} s (last: {self._last}). "
            f"What was answered is kept. {AGAIN}"
        )


class FailFast:
    """Says when a parameter of every order is refused: then no single order is the cause.

    Ten at the start are enough where all name what every request shares: the shop or the app key.
    Otherwise a hundred at the start, or all orders where there are fewer, but more than one.
    """

    def __init__(self, orders: int) -> None:
        self._orders = orders
        self._possible = orders > 1
        self._count = 0
        self._all_shared = True

    def record(self, reason: str | None, message: str | None) -> TtsframeError | None:
        """Note how an order ended; return the error that ends the run, if all end so."""
        # Kept, not computed: workers come at the same time, and none may undo what another has seen.
        if reason != "bad_parameter":
            self._possible = False
        if not _SHARED.search(without_tail(message or "")):
            self._all_shared = False
        self._count += 1
        enough = _SAME_SHARED_REFUSALS if self._all_shared else _SAME_REFUSALS
        if not self._possible or self._count < min(enough, self._orders):
            return None
        return SettingsError(
            f"the gateway refuses a parameter of every request: {message}. If it names the shop, set "
            "TIKTOK_SHOP_CIPHER to one that `ttsframe shops` lists; if the app, check TIKTOK_APP_KEY; if the "
            "order, check that the column holds TikTok's order ids."
        )


def unreachable(host: str, why: str) -> OutageError:
    """Make the error for a host that is not there."""
    return OutageError(
        f"cannot reach {host}: {why}. Check the network, the proxy and TTSFRAME_BASE_URL. {AGAIN}"
    )


def error_for(answer: DecodedResponse) -> TtsframeError:
    """Make the error for an answer that is no success; its message must be free of secrets."""
    outcome = answer.outcome
    said = " ".join(filter(None, (outcome.error_code, outcome.error_message)))
    said = said or f"HTTP status {outcome.http_status}"
    if answer.kind in REMEDIES:
        error, remedy = REMEDIES[answer.kind]
        return error(f"{remedy} (The gateway said: {said})")
    if answer.kind is ResponseKind.THROTTLED:
        return OutageError(f"the gateway refuses calls for their rate ({said}). Try again in a minute.")
    if answer.kind in NO_ANSWER:
        return OutageError(
            f"the gateway gives no good answer for now ({said}). Try again later; if it stays so, check "
            "the proxy and TTSFRAME_BASE_URL."
        )
    return AccessError(f"the gateway refused the call: {said}")


REMEDIES: dict[ResponseKind, tuple[type[TtsframeError], str]] = {
    ResponseKind.TOKEN: (
        AccessError,
        (
            "the access token has expired or does not fit the app and shop. Set TIKTOK_APP_ACCESS_KEY to a "
            f"fresh token, and TIKTOK_APP_REFRESH_KEY so that it is refreshed automatically. {AGAIN}"
        ),
    ),
    ResponseKind.SIGNATURE: (
        AccessError,
        (
            "the signature was refused: TIKTOK_APP_SECRET does not belong to TIKTOK_APP_KEY. "
            "Copy both again from the app's page in the Partner Center."
        ),
    ),
    ResponseKind.APP_KEY: (
        AccessError,
        "the app key was refused. Copy TIKTOK_APP_KEY again from the app's page in the Partner Center.",
    ),
    ResponseKind.PERMISSION: (
        AccessError,
        (
            "the app may not read external order references. In the Partner Center enable the scope "
            f"{READ_SCOPE}, then let the seller authorize the app again: a token made before does not "
            "have it. If the gateway names an IP address, add this machine's to the app's list; if it names "
            "the shop or the seller, that one is not active."
        ),
    ),
    ResponseKind.SHOP: (
        SettingsError,
        "the shop cipher is missing or wrong. Set TIKTOK_SHOP_CIPHER to one that `ttsframe shops` lists.",
    ),
    ResponseKind.CLOCK: (
        SettingsError,
        (
            "the gateway refuses the time of our requests, also after following its clock. "
            "Set this machine's date, time and time zone."
        ),
    ),
    ResponseKind.CONTRACT: (
        ContractError,
        (
            "the gateway says that our requests are malformed. Either the address in "
            "TTSFRAME_BASE_URL is not a TikTok Shop gateway, or ttsframe is wrong: please report this."
        ),
    ),
}
NO_ANSWER = frozenset({ResponseKind.THROTTLED, ResponseKind.SERVER, ResponseKind.BAD_ANSWER})
"""The same request may be answered later."""
