"""Several calls at once: each order is asked for once, and no call hangs on another that ended."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import canned_gateway as canned
from support.raw_gateway import answer, raw_gateway

import ttsframe as tts
from ttsframe.errors import OutageError, TtsframeError
from ttsframe.gateway.outcomes import Outcome
from ttsframe.references.in_flight import IN_FLIGHT, InFlight
from ttsframe.references.progress import Progress

FIRST = 580_194_009_000_000_000
LINKED, FAILED = Outcome("linked"), Outcome("failed", "timeout")


def ids_from(start, count):
    return [str(FIRST + 17 * index) for index in range(start, start + count)]


def never(outcome):
    return 0.0


def for_an_hour(outcome):
    return 3600.0


def in_threads(*functions):
    """Run functions at the same time; return what they returned or raised."""
    start = threading.Barrier(len(functions))

    def run(function):
        start.wait()
        try:
            return function()
        except BaseException as error:  # noqa: BLE001 - it is what the test looks at
            return error

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(timeout=120) for future in [pool.submit(run, f) for f in functions]]


# The whole look-up


def test_lookup__three_calls_at_once_ask_for_each_order_once(tmp_path):
    ids = ids_from(0, 1200)
    thirds = [ids[:1000], ids[100:1100], ids[200:][::-1]]
    answers = {order_id: canned.official(order_id[-6:]) for order_id in ids}
    with canned.serve(answers) as gateway, gateway.shop(tmp_path) as shop:
        frames = in_threads(*[lambda part=part: tts.lookup(part, shop=shop) for part in thirds])
    assert Counter(gateway.requests) == Counter((order_id, "SHOPIFY") for order_id in ids)
    for part, frame in zip(thirds, frames, strict=True):
        assert frame["order_id"].tolist() == part
        assert frame["external_order_id"].tolist() == [order_id[-6:] for order_id in part]
    assert not IN_FLIGHT.flights


@pytest.mark.filterwarnings("ignore::ttsframe.errors.CacheWarning")
def test_lookup__calls_that_begin_one_after_the_other_ask_once_though_the_cache_takes_nothing(
    tmp_path, monkeypatch
):
    no_folder = tmp_path / "taken"
    no_folder.touch()
    ids = ids_from(0, 40)
    answered, go_on = threading.Event(), threading.Event()

    counts = []

    def wait_at_the_last(self, status):
        counts.append(status)
        if len(counts) == len(ids):
            answered.set()
            go_on.wait(30)

    monkeypatch.setattr(Progress, "count", wait_at_the_last)
    with canned.serve({}) as gateway, gateway.shop(no_folder) as shop:
        first = threading.Thread(target=tts.lookup, args=(ids,), kwargs={"shop": shop})
        first.start()
        assert answered.wait(30)
        frame = tts.lookup(ids, shop=shop)
        go_on.set()
        first.join(30)
    assert len(gateway.requests) == len(ids)
    assert frame["status"].eq("unlinked").all()


def test_lookup__other_shops_and_platforms_have_answers_of_their_own(tmp_path):
    with canned.serve({"1": canned.official("7")}) as gateway, canned.serve({}) as other:
        shop, other_shop = gateway.shop(tmp_path), other.shop(tmp_path)
        frames = in_threads(
            lambda: tts.lookup(["1"], shop=shop),
            lambda: tts.lookup(["1"], shop=other_shop),
            lambda: tts.lookup(["1"], shop=shop, platform="AMAZON"),
        )
    assert [frame["external_order_id"].fillna("")[0] for frame in frames] == ["7", "", ""]


def test_lookup__a_call_that_waits_takes_over_what_an_interrupted_one_leaves(tmp_path, monkeypatch):
    ids = ids_from(0, 300)
    bars, both_count = [], threading.Event()

    def interrupt_the_first(self, status):
        bars.append(self)
        if self is not bars[0]:
            both_count.set()
        elif bars.count(self) == 20:
            both_count.wait(30)
            raise KeyboardInterrupt

    def second():
        while not bars:
            time.sleep(0.001)
        return tts.lookup(ids, shop=shop)

    monkeypatch.setattr(Progress, "count", interrupt_the_first)
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        error, frame = in_threads(lambda: tts.lookup(ids, shop=shop), second)
    assert isinstance(error, KeyboardInterrupt)
    assert frame["status"].eq("unlinked").all()
    assert len(frame) == 300
    assert not IN_FLIGHT.flights


def test_lookup__every_call_hears_of_an_outage(tmp_path):
    with raw_gateway(answer(b"no", status="500 Oops")) as served:
        shop = served.shop(tmp_path, outage=0.3, timeout=1.0)
        errors = in_threads(*[lambda: tts.lookup(ids_from(0, 20), shop=shop)] * 3)
    assert [type(error) for error in errors] == [OutageError] * 3
    assert isinstance(errors[0], TtsframeError)
    assert not IN_FLIGHT.flights


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_fork__a_child_does_not_wait_for_what_its_parent_fetches():
    with IN_FLIGHT.call("shop") as call:
        call.claim(["a"], usable_seconds=never)
        receive, send = multiprocessing.get_context("fork").Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=claim_in_child, args=(send,))
        with IN_FLIGHT.changed:  # as another thread of the parent may hold it at that moment
            child.start()
        assert receive.poll(30)
        assert receive.recv() == ["a"]
        child.join(30)
        assert call.claim(["a"], usable_seconds=never) == []


def claim_in_child(send):
    with IN_FLIGHT.call("shop") as call:
        send.send(call.claim(["a"], usable_seconds=never))


# The table


def test_claim__each_key_once_and_again_after_a_call_that_gave_up():
    table = InFlight()
    with table.call("shop") as one, table.call("shop") as two, table.call("other shop") as other:
        assert one.claim(["a", "b"], usable_seconds=never) == ["a", "b"]
        assert two.claim(["b", "c"], usable_seconds=never) == ["c"]
        assert other.claim(["b"], usable_seconds=never) == ["b"]
        with table.call("shop") as three:
            assert three.claim(["d"], usable_seconds=never) == ["d"]
        assert two.claim(["d"], usable_seconds=never) == ["d"]
    assert not table.flights


def test_wait__gives_what_the_other_call_found_or_none_if_it_ended_without():
    table = InFlight()
    with table.call("shop") as one:
        with table.call("shop") as two:
            two.claim(["a", "b"], usable_seconds=never)
            two.finish("a", FAILED)
            assert one.wait("a") == FAILED
        assert one.wait("a") == FAILED, "kept for a call that began before it"
        assert one.wait("b") is None


@pytest.mark.parametrize(("usable_seconds", "claimed"), [(never, ["a"]), (for_an_hour, [])])
def test_claim__an_answer_older_than_the_call_counts_as_long_as_it_may_be_used(usable_seconds, claimed):
    table = InFlight()
    with table.call("shop") as one:
        one.claim(["a"], usable_seconds=never)
        one.finish("a", LINKED)
        while time.time() <= table.flights["shop", "a"].ended_at:
            time.sleep(0.001)
        with table.call("shop") as two:
            assert two.claim(["a"], usable_seconds=usable_seconds) == claimed


def test_call__forgets_answers_when_the_calls_that_may_need_them_have_ended():
    table = InFlight()
    with table.call("shop") as first:
        with table.call("shop") as second:
            second.claim(["a"], usable_seconds=never)
            second.finish("a", LINKED)
        assert first.wait("a") == LINKED
        time.sleep(0.01)
        with table.call("shop"):
            pass
        assert table.flights
    assert not table.flights
