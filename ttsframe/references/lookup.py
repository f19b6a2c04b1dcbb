"""The journey of a column of order ids, from the caller's data to the tidy frame."""

from __future__ import annotations

import gc
import warnings
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import config, gateway, ids
from ttsframe.cache import CachedResponse, key
from ttsframe.client import LookupKey
from ttsframe.client.retry import AGAIN
from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.gateway.outcomes import LEVELS, LookupKeys, Outcome, to_frame
from ttsframe.readers.order_ids import refuse_rounded, refuse_short, rounded
from ttsframe.references.arguments import age_seconds, check_choice, order_ids
from ttsframe.references.progress import Estimate, Progress
from ttsframe.references.shop import Shop

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from ttsframe.cache import Cache
    from ttsframe.client import Result

_OFFLINE = Outcome("skipped", "offline")
_WAIT_AFTER_INTERRUPT_SECONDS = 0.5
_ENOUGH_TO_DOUBT = 5


class Plan(NamedTuple):
    """What a look-up would do, told before anything is sent."""

    unique: int
    """Distinct orders and platforms."""
    cached: int
    """Answered by the store."""
    to_fetch: int
    """To be asked."""
    invalid: int
    """Not order ids: never sent."""
    seconds: float
    """How long the asking takes."""
    basis: str
    """The pace that `seconds` rests on, in words; blank where nothing is to be asked."""


class _Journey(NamedTuple):
    """The questions of one call, and what is known of them."""

    questions: LookupKeys
    outcomes: list[Outcome | None]
    asked: list[int]
    """The places of the questions that have an order id."""


def lookup(
    orders: Any,  # noqa: ANN401
    *,
    column: str | None = None,
    platform: str | Sequence[str] = gateway.DEFAULT_PLATFORM,
    level: str = "order",
    shop: Shop | None = None,
    max_age: str | float | dt.timedelta | None = None,
    offline: bool = False,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Look up which external order each TikTok Shop order is linked to.

    Parameters
    ----------
    orders
        A DataFrame with a column of order ids, or a Series, Index, array or list of them. It
        is not changed.
    column
        The column of a DataFrame; `order_id` or `Order ID` is found by itself.
    platform
        One of the ten platforms, or several; see `gateway.PLATFORMS`.
    level
        `order`: a row an external order; `line_item`: a row a line of it.
    shop
        The shop to ask; made from the environment by default.
    max_age
        Ask again for stored answers older than this: `7d`, seconds, or a timedelta.
    offline
        Send nothing: give what is stored, and `skipped` for the rest.
    progress
        True or False to force a bar or silence. By default a bar where a person watches, in a
        notebook or a terminal; elsewhere a run of minutes says one line at its start and one at
        its end to the logger `ttsframe.progress`, as INFO.

    Returns
    -------
    pandas.DataFrame
        At least one row for every distinct cleaned id and platform, in order of first
        appearance; a missing id gives one row of status `invalid`, reason `missing`. Columns as
        `columns.REFERENCES` (`columns.LINE_ITEMS` for lines).

    Raises
    ------
    InputError
        If the column, the platform or the level is not known, or the ids are floats, or all have
        lost their last digits otherwise.
    SettingsError
        If credentials or settings are missing or malformed.
    AccessError
        If the gateway refuses the credentials.
    OutageError
        If the gateway does not answer. Whatever was answered is stored.
    CacheError
        If the file of stored answers is damaged or another program's.
    """
    # 1. Check what was asked for, before anything is opened or sent.
    platforms = gateway.platforms(platform)
    check_choice("level", level, LEVELS)
    max_age_seconds = age_seconds(max_age)
    # 2. Clean the ids, and ask each once.
    journey = _questions(order_ids(orders, column=column), platforms, column=column)
    with _opened(shop, offline=offline) as opened, opened.open_cache() as store:
        # 3. Take what the store holds.
        with _paused_collector():
            _take_stored(journey, opened, store, max_age_seconds=max_age_seconds)
        misses = _misses(journey)
        # 4. Ask for the rest, or say that it was not asked.
        if offline:
            for place in misses:
                journey.outcomes[place] = _OFFLINE
        elif misses:
            _fetch(journey, misses, opened, store, progress=progress)
        # 5. Make the tidy frame; and let go of the outcomes, or the collector visits each of them.
        with _paused_collector():
            frame = to_frame(journey.questions, _all(journey), level=level)
            journey.outcomes.clear()
        _doubt(frame)
        return frame


def plan(
    orders: Any,  # noqa: ANN401
    *,
    column: str | None = None,
    platform: str | Sequence[str] = gateway.DEFAULT_PLATFORM,
    shop: Shop | None = None,
    max_age: str | float | dt.timedelta | None = None,
    offline: bool = False,
) -> Plan:
    """Tell what `lookup` with the same arguments would do; nothing is sent.

    Parameters
    ----------
    orders
        As for `lookup`.
    column
        As for `lookup`.
    platform
        As for `lookup`.
    shop
        As for `lookup`.
    max_age
        As for `lookup`.
    offline
        As for `lookup`: nothing would be fetched.

    Returns
    -------
    Plan
        Counts, the seconds that the asking takes, and the pace that this rests on. Of the
        credentials only the shop cipher is needed.

    Raises
    ------
    InputError, SettingsError, CacheError
        As `lookup` does.
    """
    platforms = gateway.platforms(platform)
    max_age_seconds = age_seconds(max_age)
    journey = _questions(order_ids(orders, column=column), platforms, column=column)
    # Nothing is sent, so the shop cipher is enough; whatever else is set must be well-formed.
    with _opened(shop, offline=True) as opened, opened.open_cache() as store:
        with _paused_collector():
            _take_stored(journey, opened, store, max_age_seconds=max_age_seconds)
        misses = len(_misses(journey))
        to_fetch = 0 if offline else misses
        return Plan(
            unique=len(journey.outcomes),
            cached=len(journey.asked) - misses,
            to_fetch=to_fetch,
            invalid=len(journey.outcomes) - len(journey.asked),
            seconds=opened.rate_limiter.seconds_for(to_fetch) if to_fetch else 0.0,
            basis=_basis(opened) if to_fetch else "",
        )


def _doubt(frame: pd.DataFrame) -> None:
    """Say what is likely wrong where not one of several orders has an answer of its own."""
    statuses = frame["status"]
    if len(frame) < _ENOUGH_TO_DOUBT:
        return
    if (statuses == "denied").all():
        doubt = (
            "every order was denied: does TIKTOK_SHOP_CIPHER belong to the shop of these orders? "
            "`ttsframe shops` lists the shops that the token may act for."
        )
    elif (frame["reason"] == "not_digits").all():
        doubt = "none of these is an order id: is this the right column?"
    else:
        return
    warnings.warn(doubt, SuspiciousInputWarning, stacklevel=3)  # told of the line that calls `lookup`


def _opened(shop: Shop | None, *, offline: bool) -> AbstractContextManager[Shop]:
    """The caller's shop, left open; or one from the environment, closed at the end."""
    if shop is None:
        return Shop.from_env(offline=offline)
    if not isinstance(shop, Shop):
        raise InputError("must be a Shop, as tts.Shop.from_env() gives.", parameter="shop")
    return nullcontext(shop)


def _basis(shop: Shop) -> str:
    """What is known of the pace: what earlier calls of this process have learnt, or nothing yet."""
    rate_limiter = shop.rate_limiter
    if rate_limiter.learnt:
        return f"the {rate_limiter.rate_per_second:.3g} a second that earlier look-ups have found"
    return f"{rate_limiter.rate_per_second:.3g} a second to begin with; the pace is found while running"


def _questions(given: pd.Series, platforms: list[str], *, column: str | None) -> _Journey:
    """Every distinct id, cleaned, on every platform."""
    keys = ids.unique(ids.clean(given))
    good = keys.ids[pd.isna(keys.reasons)]
    refuse_rounded("the order ids", rounded(good))
    refuse_short(column, good)
    questions = LookupKeys(
        np.repeat(keys.ids, len(platforms)), np.tile(np.array(platforms, dtype=object), len(keys.ids))
    )
    reasons = np.repeat(keys.reasons, len(platforms))
    bad = pd.notna(reasons)
    outcomes: list[Outcome | None] = [None] * len(reasons)
    for place in np.flatnonzero(bad).tolist():
        outcomes[place] = Outcome("invalid", reasons[place])
    return _Journey(questions, outcomes, np.flatnonzero(~bad).tolist())


def _take_stored(journey: _Journey, shop: Shop, store: Cache, *, max_age_seconds: float | None) -> None:
    order_ids_, platforms = (values.tolist() for values in journey.questions)
    outcomes, asked = journey.outcomes, journey.asked
    prefix = {name: key(shop.settings.host, shop.name, name, "") for name in set(platforms)}
    names = [prefix[platforms[place]] + order_ids_[place] for place in asked]
    for hits in store.read(names, max_age_seconds=max_age_seconds):
        for nth, http_status, body, fetched_at in hits:
            place = asked[nth]
            outcome = gateway.decode_cached(
                http_status,
                body,
                order_id=order_ids_[place],
                platform=platforms[place],
                fetched_at=fetched_at,
            )
            if _lifetime_seconds(outcome, shop.settings) is not None:
                outcomes[place] = outcome


def _misses(journey: _Journey) -> list[int]:
    return [place for place in journey.asked if journey.outcomes[place] is None]


def _fetch(journey: _Journey, misses: list[int], shop: Shop, store: Cache, *, progress: bool | None) -> None:
    """Ask for what is not stored, keeping each answer as it comes."""
    order_ids_, platforms = journey.questions
    questions = [LookupKey(order_ids_[place], platforms[place]) for place in misses]
    client = shop.client

    def take(result: Result) -> None:
        _keep(result, questions[result.index], shop, store)
        journey.outcomes[misses[result.index]] = result.outcome

    asked = client.fetch_many(questions)
    rate_limiter = client.rate_limiter
    estimate = Estimate(rate_limiter.seconds_for(len(misses)), _basis(shop))
    shown = Progress(
        len(misses), estimate, shown=progress, rate_per_second=lambda: rate_limiter.rate_per_second
    )
    try:
        with closing(asked), shown:
            for result in asked:
                take(result)
                shown.count(result.outcome.status)
    except KeyboardInterrupt as interrupt:
        for result in asked.drain():
            # What was being taken just then comes once more, and is counted once.
            if journey.outcomes[misses[result.index]] is None:
                take(result)
        store.close(within_seconds=_WAIT_AFTER_INTERRUPT_SECONDS)
        interrupt.args = (
            f"interrupted: {store.written_count:,} of {len(misses):,} answers are kept. {AGAIN}",
        )
        raise


def _keep(result: Result, question: LookupKey, shop: Shop, store: Cache) -> None:
    outcome = result.outcome
    lifetime_seconds = _lifetime_seconds(outcome, shop.settings)
    if lifetime_seconds is None or outcome.fetched_at is None or outcome.http_status is None:
        return
    path = gateway.reference_request(*question).path
    url = f"{shop.settings.base_url}{path}?platform={question.platform}"
    store.write(
        key(shop.settings.host, shop.name, question.platform, question.order_id),
        CachedResponse(url, outcome.http_status, result.content, outcome.fetched_at),
        lifetime_seconds=lifetime_seconds,
    )


def _lifetime_seconds(outcome: Outcome, settings: config.Settings) -> float | None:
    """How long an answer is kept; None for what is not an answer."""
    if outcome.status == "linked":
        return settings.lifetime_linked
    if outcome.status == "unlinked":
        return settings.lifetime_unlinked
    if outcome.reason in ("not_this_shop", "refused_id"):
        return settings.lifetime_denied
    return None


def _all(journey: _Journey) -> list[Outcome]:
    """Every question has its outcome now; a hole would be a lost order."""
    outcomes = [outcome for outcome in journey.outcomes if outcome is not None]
    if len(outcomes) != len(journey.outcomes):
        raise AssertionError("an order has no outcome")
    return outcomes


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Pause the cycle collector, which would visit a million living answers again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
