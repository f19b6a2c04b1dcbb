"""`lookup` and `plan`: clean the ids, take what is cached, fetch what is not known, make the frame."""

from __future__ import annotations

import gc
import warnings
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import gateway, ids
from ttsframe.cache import WAIT_AFTER_INTERRUPT_SECONDS, CachedResponse, key
from ttsframe.client import LookupKey
from ttsframe.client.retry import AGAIN
from ttsframe.errors import InputError, Interrupted, OutageError, StaleAnswersWarning, SuspiciousInputWarning
from ttsframe.gateway.outcomes import Outcome
from ttsframe.references.arguments import age_seconds, check_choice, order_ids
from ttsframe.references.frame import LEVELS, Level, LookupKeys, is_simulated, to_frame
from ttsframe.references.in_flight import IN_FLIGHT
from ttsframe.references.known import find_known
from ttsframe.references.progress import Estimate, Progress, duration
from ttsframe.references.shop import Shop
from ttsframe.text import counted

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ttsframe.cache import Cache
    from ttsframe.client import Result, WorkerPool
    from ttsframe.config import Settings
    from ttsframe.references.in_flight import Call

_KNOWN, _OFFLINE = Outcome("skipped", "known"), Outcome("skipped", "offline")
_MIN_ROWS_TO_SUSPECT = 5


class Plan(NamedTuple):
    """What a look-up would do; nothing has been sent."""

    unique: int
    """Distinct orders and platforms."""
    cached: int
    """Answered by the cache."""
    to_fetch: int
    """Requests to send."""
    invalid: int
    """Not order ids: never sent."""
    known: int
    """Named by a Shopify order: not asked."""
    seconds: float
    """How long the requests take."""
    basis: str
    """The rate that `seconds` rests on, in words; empty if there is nothing to fetch."""
    seconds_for_all: float
    """How long requests for the known orders as well would take."""

    def __repr__(self) -> str:
        text = f"{counted(self.unique, 'distinct look-up needs', 'distinct look-ups need')} "
        text += counted(self.to_fetch, "request") if self.to_fetch else "no request"
        others = (
            (self.cached, "is cached", "are cached"),
            (self.known, "is named by a Shopify order", "are named by Shopify orders"),
            (self.invalid, "is not an order id", "are not order ids"),
        )
        text += "".join(f"; {counted(number, *verbs)}" for number, *verbs in others if number) + "."
        if self.to_fetch:
            text += (
                f" {'It takes' if self.to_fetch == 1 else 'They take'} {Estimate(self.seconds, self.basis)}."
            )
        if self.known:
            text += f" To ask the named ones too takes about {duration(self.seconds_for_all)}."
        return text


def lookup(
    orders: Any,  # noqa: ANN401
    *,
    column: str | None = None,
    platform: str | Sequence[str] = gateway.DEFAULT_PLATFORM,
    level: Level = "order",
    shop: Shop | None = None,
    known: pd.DataFrame | None = None,
    verify: float = 0.02,
    max_age: str | float | dt.timedelta | None = None,
    offline: bool = False,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Look up which external order each TikTok Shop order is linked to.

    Every order is asked for once, however many rows name it and however many calls of this process
    need it at the same time. Answers are cached on disk as they come: after Ctrl-C or an outage the
    same call continues where it stopped.

    Parameters
    ----------
    orders
        A DataFrame with a column of order ids, or a Series, Index, array or list of them; also a
        table or column of another library that speaks Arrow, such as polars. It is not changed.
    column
        The column of a DataFrame; by default `order_id` or `Order ID`.
    platform
        One of the ten platforms, or several; see `gateway.PLATFORMS`.
    level
        `order`: one row per external order; `line_item`: one row per line of it.
    shop
        The shop to ask; by default the one that the environment describes.
    known
        The Shopify orders, as `read_shopify_orders` gives them. An order that exactly one of them
        names (in a tag, note attribute, note or name), and that names no other TikTok order, is not
        asked: its row has the status `skipped` and the reason `known`. `match` needs no more. What is
        cached is used all the same. Only for the platform SHOPIFY; others are asked as ever.
    verify
        The share of the known orders that is asked all the same, from 0 to 1, but at least 50 orders
        unless it is 0. Every call chooses the same ones. Where more than 1 % of these are linked to
        another Shopify order than the one that names them, every order is asked, with a warning. An
        answer without a link does not count against it, nor does a failure.
    max_age
        Fetch again what was cached longer ago than this: `7d`, a number of seconds, or a timedelta. Where
        no fresh answer can be had (offline, in an outage, or after all tries), the old one is returned,
        with the reason `stale`; so is one that has expired, for 180 days (`TTSFRAME_STALE`).
    offline
        Send nothing: return what is cached, and `skipped` for the rest.
    progress
        True shows a bar, False shows nothing. By default a notebook or a terminal shows a bar;
        elsewhere a run of several minutes logs its start and its end to the logger
        `ttsframe.progress`, at level INFO.

    Returns
    -------
    pandas.DataFrame
        At least one row for every distinct cleaned id and platform, in order of first
        appearance; a missing id gives one row of status `invalid`, reason `missing`. Columns as
        `columns.REFERENCES` (`columns.LINE_ITEMS` for line items).

    Raises
    ------
    InputError
        If the column, the platform or the level is unknown, or the ids are floats or have all
        lost their last digits in a spreadsheet.
    SettingsError
        If credentials or settings are missing or malformed.
    AccessError
        If the gateway refuses the credentials.
    OutageError
        If the gateway does not answer, and some order has no answer at all. Every answer received
        until then is cached.
    CacheError
        If the cache file is corrupt or another program's.

    Warns
    -----
    StaleAnswersWarning
        If the gateway does not answer, and the cache has an answer for every order, though some have
        expired.
    SuspiciousInputWarning
        If the input is probably not what was meant, or `known` names other orders than the gateway.

    Examples
    --------
    >>> import pandas as pd
    >>> import ttsframe as tts
    >>> links = pd.DataFrame({"order_id": ["577092126219211281"], "external_order_id": ["5312"]})
    >>> with tts.sandbox.run(links) as gateway, gateway.shop() as shop:  # simulated, on this machine
    ...     refs = tts.lookup(["577092126219211281", "SKU-1"], shop=shop)
    >>> refs[["order_id", "external_order_id", "status", "reason"]]
                 order_id external_order_id   status      reason
    0  577092126219211281              5312   linked         NaN
    1               SKU-1               NaN  invalid  not_digits

    Orders that Shopify names already need no request:

    >>> shopify = pd.DataFrame({"name": ["#1001"], "tiktok_order_id": ["577092126219211281"]})
    >>> with tts.sandbox.run(links) as gateway, gateway.shop() as shop:
    ...     refs = tts.lookup(["577092126219211281"], shop=shop, known=shopify, verify=0)
    >>> refs[["order_id", "status", "reason"]]
                 order_id   status reason
    0  577092126219211281  skipped  known
    """
    # 1. Check the arguments, before anything is opened or sent.
    platforms = gateway.platforms(platform)
    check_choice("level", level, LEVELS)
    max_age_seconds = age_seconds(max_age)
    # 2. Clean the ids: each distinct order and platform is looked up once.
    keys, reasons = _distinct_keys(order_ids(orders, column=column), platforms, column=column)
    # 3. Find those that Shopify names already.
    trusted = find_known(keys, known, verify=verify)
    with (
        _opened(shop, offline=offline) as opened,
        IN_FLIGHT.call(_scope(opened)) as call,
        opened.open_cache() as cache,
    ):
        # 4. Take what is cached.
        outcomes = _cached_outcomes(keys, reasons, opened, cache, max_age_seconds=max_age_seconds)
        trusted = trusted.unless_contradicted(outcomes)
        # 5. Fetch what is not known; after that everything, where the answers contradict what is known.
        outage = None
        try:
            while not offline and (wanted := _unanswered(outcomes, but=trusted.unasked).tolist()):
                places = {LookupKey(keys.order_ids[place], keys.platforms[place]): place for place in wanted}
                _fetch(
                    places, outcomes, opened, cache, call, max_age_seconds=max_age_seconds, progress=progress
                )
                trusted = trusted.unless_contradicted(outcomes)
        except OutageError as error:
            outage = error
        # 6. Where no fresh answer could be had, use one that has expired.
        _use_expired(keys, outcomes, opened, cache, but=trusted.unasked)
        if outage:
            _excuse(outage, outcomes, but=trusted.unasked)
    # 7. Say of the others why they were not asked, and make the frame; let go of the outcomes, or the
    # collector visits each of a million.
    with _paused_collector():
        for index in trusted.indices.tolist():
            outcomes[index] = outcomes[index] or _KNOWN
        whole = [outcome or _OFFLINE for outcome in outcomes]
        frame = to_frame(keys, whole, level=level)
        outcomes.clear()
        whole.clear()
    _warn_if_suspicious(frame)
    return frame


def plan(
    orders: Any,  # noqa: ANN401
    *,
    column: str | None = None,
    platform: str | Sequence[str] = gateway.DEFAULT_PLATFORM,
    shop: Shop | None = None,
    known: pd.DataFrame | None = None,
    verify: float = 0.02,
    max_age: str | float | dt.timedelta | None = None,
    offline: bool = False,
) -> Plan:
    """Count what `lookup` with the same arguments would fetch; nothing is sent.

    Parameters
    ----------
    orders
        As for `lookup`.
    column
        As for `lookup`.
    platform
        As for `lookup`.
    shop
        As for `lookup`; only its shop cipher is needed.
    known
        As for `lookup`: says how many need not be asked, and how long asking all would take.
    verify
        As for `lookup`.
    max_age
        As for `lookup`.
    offline
        As for `lookup`: nothing would be fetched.

    Returns
    -------
    Plan
        Counts, with `unique` = `cached` + `to_fetch` + `invalid` + `known`, how long fetching takes in
        seconds, the rate that this rests on, and how long fetching the known orders too would take.

    Raises
    ------
    InputError, SettingsError, CacheError
        As `lookup` does.

    Examples
    --------
    >>> import ttsframe as tts
    >>> shop = tts.Shop(tts.Credentials("app key", "app secret", "access token", "shop cipher"))
    >>> planned = tts.plan(["577092126219211281", "SKU-1"], shop=shop)
    >>> planned.unique, planned.cached, planned.to_fetch, planned.invalid
    (2, 0, 1, 1)
    """
    platforms = gateway.platforms(platform)
    max_age_seconds = age_seconds(max_age)
    keys, reasons = _distinct_keys(order_ids(orders, column=column), platforms, column=column)
    trusted = find_known(keys, known, verify=verify)
    with _opened(shop, offline=True) as opened, opened.open_cache() as cache:
        outcomes = _cached_outcomes(keys, reasons, opened, cache, max_age_seconds=max_age_seconds)
        trusted = trusted.unless_contradicted(outcomes)
        missing = outcomes.count(None)
        wanted = len(_unanswered(outcomes, but=trusted.indices if offline else trusted.unasked))
        invalid = int(pd.notna(reasons).sum())
        to_fetch = 0 if offline else wanted
        return Plan(
            unique=len(outcomes),
            cached=len(outcomes) - missing - invalid,
            to_fetch=to_fetch,
            invalid=invalid,
            known=missing - wanted,
            seconds=opened.rate_limiter.seconds_for(to_fetch) if to_fetch else 0.0,
            basis=_basis(opened) if to_fetch else "",
            seconds_for_all=opened.rate_limiter.seconds_for(missing) if missing else 0.0,
        )


def _opened(shop: Shop | None, *, offline: bool) -> AbstractContextManager[Shop]:
    """The caller's shop, left open; or one from the environment, closed at the end."""
    if shop is None:
        return Shop.from_env(offline=offline)
    if not isinstance(shop, Shop):
        raise InputError("must be a Shop, as tts.Shop.from_env() gives.", parameter="shop")
    return nullcontext(shop)


def _distinct_keys(
    values: pd.Series, platforms: list[str], *, column: str | None
) -> tuple[LookupKeys, np.ndarray]:
    """Return every distinct cleaned id on every platform, and why it is no order id (NaN if it is one)."""
    distinct = ids.unique(ids.clean(values))
    valid = distinct.ids[pd.isna(distinct.reasons)]
    ids.refuse_rounded("the order ids", valid)
    ids.refuse_short(column, valid)
    texts, reasons = (np.repeat(column.to_numpy(dtype=object), len(platforms)) for column in distinct)
    every = np.tile(np.array(platforms, dtype=object), len(distinct.ids))
    return LookupKeys(texts, every), reasons


def _unanswered(
    outcomes: Sequence[Outcome | None], *, but: np.ndarray, or_failed: bool = False
) -> np.ndarray:
    """Return the positions of the keys without an outcome, or an answer, but for these."""
    # One pass, and an outcome's place instead of its name: they come by the million.
    unanswered = np.fromiter(
        (outcome is None or (or_failed and outcome[0] == "failed") for outcome in outcomes),
        dtype=bool,
        count=len(outcomes),
    )
    unanswered[but] = False
    return np.flatnonzero(unanswered)


def _use_expired(
    keys: LookupKeys, outcomes: list[Outcome | None], shop: Shop, cache: Cache, *, but: np.ndarray
) -> None:
    """Give the keys that have no answer their expired one, if it is not too old."""
    wanted = _unanswered(outcomes, but=but, or_failed=True)
    if not len(wanted) or not shop.settings.stale:
        return
    some = LookupKeys(keys.order_ids[wanted], keys.platforms[wanted])
    valid = np.full(len(wanted), np.nan, dtype=object)
    expired = _cached_outcomes(
        some, valid, shop, cache, max_age_seconds=None, expired_seconds=shop.settings.stale
    )
    for index, outcome in zip(wanted.tolist(), expired, strict=True):
        if outcome is not None:
            outcomes[index] = outcome._replace(reason="stale")


def _excuse(outage: OutageError, outcomes: Sequence[Outcome | None], *, but: np.ndarray) -> None:
    """Warn of an outage where every key has an answer all the same, be it an expired one; else raise it."""
    left = len(_unanswered(outcomes, but=but))
    expired = sum(outcome is not None and outcome.reason == "stale" for outcome in outcomes)
    if left and not expired:
        raise outage
    if left:
        raise OutageError(
            f"{outage.message} Of the {left + expired:,} orders without a fresh answer {expired:,} have an "
            "expired one, which an offline look-up returns: offline=True, in a shell lookup --offline."
        )
    warnings.warn(
        f"{outage} The result holds expired answers (reason stale).", StaleAnswersWarning, stacklevel=3
    )  # at the line that calls `lookup`


def _cached_outcomes(
    keys: LookupKeys,
    reasons: np.ndarray,
    shop: Shop,
    cache: Cache,
    *,
    max_age_seconds: float | None,
    expired_seconds: float = 0.0,
) -> list[Outcome | None]:
    """Return the outcome of every key that is no order id or is cached; None for those to fetch."""
    order_id_list, platforms = keys.order_ids.tolist(), keys.platforms.tolist()
    is_valid = pd.isna(reasons)
    with _paused_collector():
        outcomes: list[Outcome | None] = [None] * len(reasons)
        for index in np.flatnonzero(~is_valid).tolist():
            outcomes[index] = Outcome("invalid", reasons[index])
        valid = np.flatnonzero(is_valid).tolist()
        prefixes = {name: _cache_key(shop, LookupKey("", name)) for name in set(platforms)}
        cache_keys = [prefixes[platforms[index]] + order_id_list[index] for index in valid]
        url_parts = {name: _url(shop, LookupKey("0", name)).split("/0/") for name in set(platforms)}
        for hits in cache.read(cache_keys, max_age_seconds=max_age_seconds, expired_seconds=expired_seconds):
            for position, http_status, body, fetched_at, url in hits:
                index = valid[position]
                before, after = url_parts[platforms[index]]
                if url != f"{before}/{order_id_list[index]}/{after}":
                    continue  # a damaged index has led to another order's row
                outcome = gateway.decode_cached(
                    http_status,
                    body,
                    order_id=order_id_list[index],
                    platform=platforms[index],
                    fetched_at=fetched_at,
                )
                if _lifetime_seconds(outcome, shop.settings) is not None:
                    outcomes[index] = outcome
    return outcomes


def _fetch(
    places: Mapping[LookupKey, int],
    outcomes: list[Outcome | None],
    shop: Shop,
    cache: Cache,
    call: Call,
    *,
    max_age_seconds: float | None,
    progress: bool | None,
) -> None:
    """Fetch keys, caching each answer as it comes; wait for those that another call is fetching.

    Each outcome goes to its key's place in `outcomes`, so that what came before an outage is there.
    """
    cache.load()
    client, rate_limiter = shop.client, shop.rate_limiter

    def usable_seconds(outcome: Outcome) -> float:
        lifetime_seconds = _lifetime_seconds(outcome, shop.settings) or 0.0
        return lifetime_seconds if max_age_seconds is None else min(lifetime_seconds, max_age_seconds)

    def take(lookup_key: LookupKey, result: Result) -> None:
        if outcomes[places[lookup_key]] is None:
            _keep(result, lookup_key, shop, cache)
            call.finish(lookup_key, result.outcome)
            outcomes[places[lookup_key]] = result.outcome

    count = len(places)
    estimate = Estimate(rate_limiter.seconds_for(count), _basis(shop))
    bar = Progress(count, estimate, shown=progress, rate_per_second=lambda: rate_limiter.rate_per_second)
    try:
        with bar:
            while left := [lookup_key for lookup_key, place in places.items() if outcomes[place] is None]:
                claimed = call.claim(left, usable_seconds=usable_seconds)
                if claimed:
                    _take_results(client.fetch_many(claimed), claimed, take, bar)
                for lookup_key in left:
                    place = places[lookup_key]
                    if outcomes[place] is None and (outcome := call.wait(lookup_key)):
                        outcomes[place] = outcome
                        bar.count(outcome.status)
    except KeyboardInterrupt as interrupt:
        cache.close(within_seconds=WAIT_AFTER_INTERRUPT_SECONDS)
        kept = f"interrupted: {cache.written_count:,} of {count:,} answers are kept. {AGAIN}"
        raise Interrupted(kept) from interrupt


def _take_results(
    pool: WorkerPool, keys: Sequence[LookupKey], take: Callable[[LookupKey, Result], None], bar: Progress
) -> None:
    """Take every result; after Ctrl-C also what is answered by then, and once more what was being taken."""
    try:
        with closing(pool):
            for result in pool:
                take(keys[result.index], result)
                bar.count(result.outcome.status)
    except KeyboardInterrupt:
        for result in pool.drain():
            take(keys[result.index], result)
        raise


def _keep(result: Result, lookup_key: LookupKey, shop: Shop, cache: Cache) -> None:
    """Cache what is an answer."""
    outcome = result.outcome
    lifetime_seconds = _lifetime_seconds(outcome, shop.settings)
    if lifetime_seconds is None or outcome.fetched_at is None or outcome.http_status is None:
        return
    cache.write(
        _cache_key(shop, lookup_key),
        CachedResponse(_url(shop, lookup_key), outcome.http_status, result.content, outcome.fetched_at),
        lifetime_seconds=lifetime_seconds,
    )


def _url(shop: Shop, lookup_key: LookupKey) -> str:
    """Return the address of an answer, without the parameters of the signature."""
    path = gateway.reference_request(*lookup_key).path
    return f"{shop.settings.base_url}{path}?platform={lookup_key.platform}"


def _cache_key(shop: Shop, lookup_key: LookupKey) -> str:
    return key(shop.settings.host, shop.name, lookup_key.platform, lookup_key.order_id)


def _scope(shop: Shop) -> str:
    """Name what calls have in common that can share an answer: the cache file, the gateway and the shop."""
    return f"{shop.settings.cache_file} {shop.settings.host} {shop.name}"


def _lifetime_seconds(outcome: Outcome, settings: Settings) -> float | None:
    """How long an answer is cached; None for what is not an answer."""
    if outcome.status == "linked":
        return settings.lifetime_linked
    if outcome.status == "unlinked":
        return settings.lifetime_unlinked
    if outcome.reason in ("not_this_shop", "refused_id"):
        return settings.lifetime_denied
    return None


def _basis(shop: Shop) -> str:
    """Say which rate an estimate rests on: the one that earlier calls of this process found, or the first."""
    rate = f"{shop.rate_limiter.rate_per_second:.3g} requests a second"
    if shop.rate_limiter.learnt:
        return f"{rate}, the rate that earlier look-ups found"
    return f"{rate} at first; the rate adapts while running"


def _warn_if_suspicious(frame: pd.DataFrame) -> None:
    """Warn where no order that was asked has an answer, all for one reason."""
    asked = int((frame["status"] != "skipped").sum())
    if asked < _MIN_ROWS_TO_SUSPECT:
        return
    all_denied = asked == int((frame["status"] == "denied").sum())
    if all_denied and is_simulated(frame):
        warning = (
            "every order was denied by a simulated gateway (sandbox), which does not know these orders: give "
            "shop=tts.Shop.from_env(), with no TTSFRAME_BASE_URL in the environment."
        )
    elif all_denied:
        warning = (
            "every order was denied: does TIKTOK_SHOP_CIPHER belong to the shop of these orders? "
            "`ttsframe shops` lists the shops that the token may act for."
        )
    elif (frame["reason"] == "not_digits").all():
        warning = "none of these is an order id: is this the right column?"
    else:
        return
    warnings.warn(warning, SuspiciousInputWarning, stacklevel=3)  # at the line that calls `lookup`


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
