"""A gateway that is gone: one clear end, nothing lost, no order burns its tries; or it comes back in time."""

from __future__ import annotations

import threading
import time

import pytest
from support.raw_gateway import answer, raw_gateway
from support.sandbox_log import Audit
from support.session_tools import (
    expected,
    found,
    free_port,
    gateway,
    ids_of,
    look_up,
    numbered,
    shop_of,
    stored,
    threads,
    wait_until,
)

import ttsframe as tts
from ttsframe import sandbox
from ttsframe.client import retry, retry_queue
from ttsframe.client.transport import Transport
from ttsframe.config import Settings
from ttsframe.errors import OutageError
from ttsframe.references.shop import Shop


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.01)
    monkeypatch.setattr(retry_queue, "_PROBE_EVERY_SECONDS", 0.1)


def at_answer(box, nth, do):
    """Do something as soon as the sandbox has given so many good answers."""

    def watch():
        wait_until(lambda: Audit(box.log).good_answers.total() >= nth, within_seconds=20)
        do()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "html_503", "empty", "redirect"])
def test_outage__ends_a_run_of_many_orders_with_one_error_and_keeps_the_answers(kind, tmp_path):
    with gateway(2000, latency_seconds=0.005) as box:
        watching = at_answer(box, 60, lambda: box.change(fault_share=1.0, fault_kinds=kind))
        with pytest.raises(OutageError, match="no good answer for 1 s") as caught:
            look_up(box, tmp_path, outage=1.0, timeout=0.6)
        watching.join()
        assert "same command" in str(caught.value)
        good = Audit(box.log).good_answers
        assert 60 <= good.total() < 2000
        # Not 5 tries each: some twenty bad answers to be sure of, and then one probe at a time.
        assert len(Audit(box.log).requests) - good.total() < 150
        assert wait_until(lambda: not threads())
        assert stored(tmp_path) == good.total()
        box.change(fault_share=0.0)
        # A busy machine may take longer than half a second to answer.
        assert found(look_up(box, tmp_path, timeout=20.0)) == expected(box)
        assert not Audit(box.log).asked_after_good_answer


@pytest.mark.parametrize("kind", ["hang", "reset", "http_500"])
def test_outage__that_is_over_in_time_costs_no_order(kind, tmp_path):
    with gateway(150, latency_seconds=0.005) as box:
        over = threading.Timer(1.2, lambda: box.change(fault_share=0.0))
        watching = at_answer(box, 40, lambda: (box.change(fault_share=1.0, fault_kinds=kind), over.start()))
        frame = look_up(box, tmp_path, outage=30.0, timeout=0.2)
        watching.join()
        over.join()
        assert found(frame) == expected(box)
        assert not Audit(box.log).asked_after_good_answer


def test_outage__a_gateway_that_is_restarted_costs_no_order(tmp_path):
    port = free_port()
    orders = sandbox.Generated(count=150)
    with sandbox.run(orders, port=port, latency_seconds=0.005) as box:
        truth, ids = expected(box), ids_of(box)
        shop = shop_of(box, tmp_path, outage=30.0)
        got = []
        asking = threading.Thread(target=lambda: got.append(tts.lookup(ids, shop=shop)), daemon=True)
        asking.start()
        assert wait_until(lambda: Audit(box.log).good_answers.total() >= 40)
    assert asking.is_alive()
    time.sleep(0.3)
    with sandbox.run(orders, port=port):
        asking.join(20)
    assert found(got[0]) == truth
    shop.close()


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "refused"), ("gateway.invalid", "not known")], ids=["refused", "no name"]
)
def test_outage__a_host_that_is_not_there_ends_a_long_run_after_a_few_tries(host, why, tmp_path, monkeypatch):
    send, sent = Transport.send, []

    def counted(*arguments):
        sent.append(arguments)
        return send(*arguments)

    monkeypatch.setattr(Transport, "send", counted)
    scheme = "http" if host == "127.0.0.1" else "https"
    settings = Settings(base_url=f"{scheme}://{host}:{free_port()}", cache=tmp_path / "a.sqlite")
    with Shop(sandbox.CREDENTIALS, settings) as shop, pytest.raises(OutageError) as caught:
        tts.lookup(numbered(10_000), shop=shop)
    assert len(sent) < 100
    assert why in str(caught.value)
    assert host in str(caught.value)
    assert "TTSFRAME_BASE_URL" in str(caught.value)
    assert wait_until(lambda: not threads())


def test_outage__a_gateway_that_only_refuses_for_rate_ends_the_run_and_says_so(tmp_path):
    refusal = answer(b'{"code":36009002,"message":"Too many requests"}')
    with (
        raw_gateway(refusal) as served,
        served.shop(tmp_path, outage=0.8) as shop,
        pytest.raises(OutageError, match="Too many requests"),
    ):
        tts.lookup(numbered(50), shop=shop)


def test_outage__a_wait_that_the_gateway_asks_for_is_none(tmp_path):
    with gateway(3, rate_per_second=1.0, burst=1, retry_after="seconds") as box:
        assert found(look_up(box, tmp_path, outage=0.9)) == expected(box)


def test_outage__at_a_very_low_rate_of_ones_own_is_not_suspected(tmp_path):
    with gateway(4) as box:
        assert found(look_up(box, tmp_path, rate=2.0, outage=0.3)) == expected(box)


def test_outage__of_few_orders_ends_with_their_tries(tmp_path):
    with gateway(3, fault_share=1.0, fault_kinds="http_500") as box:
        frame = look_up(box, tmp_path, outage=60.0)
        assert set(frame["status"]) == {"failed"}
        assert len(box.log) == 3 * 5


# Orders that have a trouble of their own


def with_bad_orders(box, every):
    bad = ids_of(box)[10::every]
    box.change(order_codes=dict.fromkeys(bad, 36009003))
    return set(bad)


@pytest.mark.parametrize(("count", "every"), [(400, 8), (90, 3)])
def test_own_trouble__of_many_orders_ends_with_failed_rows_and_no_outage(count, every, tmp_path):
    with gateway(count) as box:
        bad = with_bad_orders(box, every)
        assert len(bad) >= 25
        frame = look_up(box, tmp_path, outage=30.0)
        asked = [entry for entry in box.log if entry.code == 36009003]
        assert len(asked) == 5 * len(bad)
        box.change(order_codes={})
        truth = expected(box)
    failed = frame["status"] == "failed"
    assert set(frame["order_id"][failed]) == bad
    assert found(frame[~failed]) == {pair for pair in truth if pair[0] not in bad}


def test_own_trouble__that_lasts_longer_than_an_outage_may_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.6)
    with gateway(400) as box:
        bad = with_bad_orders(box, 8)
        frame = look_up(box, tmp_path, outage=1.5)
    assert set(frame["order_id"][frame["status"] == "failed"]) == bad


def test_outage__late_in_a_run_with_bad_orders_ends_with_one_error(tmp_path):
    with gateway(600, latency_seconds=0.005) as box:
        bad = with_bad_orders(box, 20)
        watching = at_answer(box, 450, lambda: box.change(fault_share=1.0, fault_kinds="http_500"))
        with pytest.raises(OutageError, match="no good answer for 1 s"):
            look_up(box, tmp_path, outage=1.0)
        watching.join()
        good = Audit(box.log).good_answers
        left = len(box.orders) - len(bad) - good.total()
        assert left > 40
        # What had nothing but bad luck keeps its tries: far from five for each that was left.
        assert len(Audit(box.log).requests) - good.total() - 5 * len(bad) < 2 * left
        assert stored(tmp_path) == good.total()
