"""Answers that are none: each fault alone and all together, and answers that would do harm."""

from __future__ import annotations

import gzip
import json

import pytest
from support import canned_gateway as canned
from support.raw_gateway import answer, raw_gateway
from support.sandbox_log import Audit
from support.session_tools import expected, found, gateway, ids_of, look_up, shop_of, threads, wait_until

import ttsframe as tts
from ttsframe import sandbox
from ttsframe.client import retry
from ttsframe.client.transport import Transport, TransportError
from ttsframe.errors import AccessError, OutageError

# Refusals for rate would only slow the test down; they are tested alone.
MIXED = ("reset", "hang", "http_500", "envelope_500", "envelope_200", "html_503", "truncated", "wrong_type")
REASONS = {
    "reset": "network",
    "hang": "timeout",
    "http_500": "server_error",
    "envelope_500": "server_error",
    "envelope_200": "server_error",
    "html_503": "server_error",
    **dict.fromkeys(
        ["truncated", "cut_json", "empty", "wrong_type", "oversized", "deep", "redirect"], "bad_answer"
    ),
}


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.005)


@pytest.mark.parametrize("kind", sandbox.FAULT_KINDS)
def test_fault__each_alone_is_tried_again_and_never_after_a_good_answer(kind, tmp_path):
    count = 12 if kind in ("hang", "plain_429") else 40
    # The sandbox may spoil three in a row; a fourth try is always good, so that five are enough.
    with gateway(count, fault_share=0.4, fault_kinds=kind, faults_in_a_row=3) as box:
        frame = look_up(box, tmp_path, timeout=0.2 if kind == "hang" else 1.0)
        assert found(frame) == expected(box)
        assert any(entry.outcome == kind for entry in box.log)
        assert set(Audit(box.log).good_answers.values()) == {1}
        assert not Audit(box.log).asked_after_good_answer


def test_faults__eight_kinds_at_once_leave_every_order_right(tmp_path):
    with gateway(250, process=True, fault_share=0.3, fault_kinds=MIXED, faults_in_a_row=4) as box:
        frame = look_up(box, tmp_path, timeout=0.3)
        assert found(frame) == expected(box)
        assert len(box.log) > 310
        assert not Audit(box.log).asked_after_good_answer
        again = look_up(box, tmp_path)
        assert again["from_cache"].all()
        assert found(again) == expected(box)
    assert wait_until(lambda: not threads())


@pytest.mark.parametrize("kind", REASONS)
def test_fault__an_order_that_never_gets_an_answer_fails_after_its_tries(kind, tmp_path):
    with gateway(1, fault_share=1.0, fault_kinds=kind) as box:
        frame = look_up(box, tmp_path, timeout=0.1 if kind == "hang" else 1.0, tries=3)
        assert list(frame["status"]) == ["failed"]
        assert list(frame["reason"]) == [REASONS[kind]]
        assert frame["fetched_at"].isna().all()
        # A connection that is dropped before an answer is not the order's fault: once that is free.
        assert len(box.log) == 3 + (kind == "reset")


def test_fault__a_failed_order_is_asked_again_by_the_next_call(tmp_path):
    with gateway(3, fault_share=1.0, fault_kinds="http_500") as box:
        assert set(look_up(box, tmp_path, tries=2)["status"]) == {"failed"}
        box.change(fault_share=0.0)
        assert found(look_up(box, tmp_path)) == expected(box)


def test_refusal__for_one_order_alone_gives_it_up_in_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "MAX_THROTTLES", 3)
    answers = {"580194009000000001": canned.error(36009002, "Too many requests", 429)}
    with canned.serve(answers) as served, served.shop(tmp_path) as shop:
        frame = tts.lookup(["580194009000000001", "580194009000000002"], shop=shop)
    assert list(frame["status"]) == ["failed", "unlinked"]
    assert frame.loc[0, "reason"] == "throttled"


@pytest.mark.parametrize("http_status", [500, 200, 401])
def test_bad_signature__is_fatal_at_once_whatever_the_http_status(http_status, tmp_path):
    """106001 comes at HTTP status 500, which alone would be tried again."""
    order_ids = [f"58019400900000{place:04d}" for place in range(30)]
    said = canned.error(106001, "Invalid credentials. The 'sign' signature is invalid.", http_status)
    with canned.serve(dict.fromkeys(order_ids, said)) as served, served.shop(tmp_path, workers=4) as shop:
        with pytest.raises(AccessError, match="TIKTOK_APP_SECRET"):
            tts.lookup(order_ids, shop=shop)
        assert wait_until(lambda: not threads())
        assert len(served.requests) <= 4


# Answers that would do harm


def test_redirect__is_not_followed_and_the_token_goes_nowhere_else(tmp_path):
    with raw_gateway(
        answer(b'{"code":0,"data":{"external_orders":[{"id":"7","platform":"SHOPIFY"}]}}')
    ) as other:
        there = f"Location: {other.base_url}/stolen\r\n"
        with raw_gateway(answer(b"", status="307 Temporary Redirect", headers=there)) as served:
            with served.shop(tmp_path, tries=2) as shop:
                frame = tts.lookup(["580194009000000001"], shop=shop)
            assert len(served.requests) == 2
        assert list(frame["reason"]) == ["bad_answer"]
        assert "redirect" in frame.loc[0, "error_message"]
        assert other.requests == []


def test_cookies__are_not_kept(tmp_path):
    with raw_gateway(answer(b'{"code":0}', headers="Set-Cookie: id=1; Path=/\r\n")) as served:
        with served.shop(tmp_path) as shop:
            tts.lookup(["580194009000000001", "580194009000000002"], shop=shop)
        assert not any(b"cookie" in request.lower() for request in served.requests)


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (b" " * ((1 << 20) + 1), "", "over 1 MiB"),
        (gzip.compress(b" " * 30_000_000), "Content-Encoding: gzip\r\n", "over 1 MiB"),
        (b"not gzip", "Content-Encoding: gzip\r\n", "decompressed"),
    ],
    ids=["large", "bomb", "no gzip"],
)
def test_body__that_cannot_be_taken_is_refused(body, headers, why):
    with raw_gateway(answer(body, headers=headers)) as served:
        transport = Transport(served.base_url, timeout_seconds=5.0, max_connections=1)
        with pytest.raises(TransportError, match=why) as caught:
            transport.send("GET", "/", {})
        transport.close()
    assert caught.value.reason == "bad_answer"


def test_body__of_exactly_a_mebibyte_is_taken():
    with raw_gateway(answer(b" " * (1 << 20))) as served:
        transport = Transport(served.base_url, timeout_seconds=5.0, max_connections=1)
        assert len(transport.send("GET", "/", {}).body) == 1 << 20
        transport.close()


def test_body__that_trickles_does_not_outlast_the_time_for_an_answer():
    head, body = answer(b"x" * 600).split(b"\r\n\r\n")
    with raw_gateway(head + b"\r\n\r\n", *(bytes([byte]) for byte in body), pause_seconds=0.05) as served:
        wire = Transport(served.base_url, timeout_seconds=0.3, max_connections=1)
        with pytest.raises(TransportError, match="no answer within"):
            wire.send("GET", "/", {})
        wire.close()


@pytest.mark.parametrize(
    ("header", "expected_seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Mon, 23 Nov 2026 10:00:20 GMT", 20.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("1e9", 3600.0),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after__is_seconds_or_a_date_by_the_gateways_own_clock(header, expected_seconds):
    headers = f"Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nRetry-After: {header}\r\n"
    with raw_gateway(answer(b"", status="429 Too Many Requests", headers=headers)) as served:
        wire = Transport(served.base_url, timeout_seconds=5.0, max_connections=1)
        assert wire.send("GET", "/", {}).retry_after_seconds == expected_seconds
        wire.close()


def test_message__is_kept_as_text_but_for_control_characters(tmp_path):
    message = '<script>alert(1)</script> =cmd|"/c calc"!A1 \x1b[31m \u202e \x00'
    body = json.dumps({"code": 99, "message": message, "request_id": "r"})
    with canned.serve({"580194009000000001": (200, body)}) as served, served.shop(tmp_path) as shop:
        frame = tts.lookup(["580194009000000001"], shop=shop)
    assert frame.loc[0, "error_message"] == message.replace("\x1b", " ").removesuffix(" \x00")
    assert frame.loc[0, "reason"] == "unknown_code"


@pytest.mark.parametrize("given", ["../../shops", "1/../2", "580%2F..", "1?x=2", "１２３", "1 2", "9" * 21])
def test_id__that_is_no_order_id_is_never_sent(given, tmp_path):
    with canned.serve({}) as served, served.shop(tmp_path) as shop:
        frame = tts.lookup([given], shop=shop)
        assert served.requests == []
    assert list(frame["status"]) == ["invalid"]


# Workers


def test_workers__are_never_more_than_the_setting_and_end_with_the_run(tmp_path, monkeypatch):
    most = []
    real = Transport.send

    def send(self, *arguments):
        most.append(len(threads()))
        return real(self, *arguments)

    monkeypatch.setattr(Transport, "send", send)
    with gateway(150, latency_seconds=0.02) as box:
        look_up(box, tmp_path, workers=3)
    assert max(most) <= 3 + 1  # and the cache's writer
    assert wait_until(lambda: not threads())


def test_workers__that_hang_are_replaced(tmp_path, monkeypatch):
    """Two requests that hang must not stop the other orders, at a rate that needs two workers."""
    monkeypatch.setattr("ttsframe.client.workers._STALLED_SECONDS", 0.1)
    with gateway(120, process=True, fault_share=0.08, fault_kinds="hang", faults_in_a_row=1) as box:
        with shop_of(box, tmp_path, timeout=3.0) as shop:
            frame = tts.lookup(ids_of(box), shop=shop)
        assert found(frame) == expected(box)
        times = sorted(entry.time for entry in box.log if entry.outcome == "good")
        hung = [entry.time for entry in box.log if entry.outcome == "hang"]
    assert len(hung) >= 4
    assert times[80] - times[0] < 3.0


def test_outage_error__names_what_came_last(tmp_path):
    with gateway(5, fault_share=1.0, fault_kinds="html_503") as box, pytest.raises(OutageError, match="503"):
        look_up(box, tmp_path, outage=0.5, tries=1000)
