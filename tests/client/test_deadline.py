"""One deadline for a whole request, and connections that never carry over an answer."""

from __future__ import annotations

import threading

import pytest
from support.fork_tools import naming_answer, order_ids, wrong
from support.raw_gateway import answer, raw_gateway
from support.session_tools import threads, wait_until

import ttsframe as tts
from ttsframe.client import retry
from ttsframe.client.transport import Transport, TransportError

SLOW = "577000000000000000"


def spread(content):
    """A piece for each byte."""
    return [bytes([byte]) for byte in content]


TRICKLES = {
    "status line": spread(b"HTTP/1.1 200 " + b"O" * 400),
    "header": [b"HTTP/1.1 200 OK\r\nX: ", *spread(b"x" * 400)],
    "many headers": [b"HTTP/1.1 200 OK\r\n", *[b"X: x\r\n"] * 90],
    "interim answers": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 400,
    "chunk extension": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", *spread(b"x" * 400)],
    "trailer": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", *spread(b"x" * 400)],
    "body": [b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", *spread(b"x" * 400)],
}


@pytest.mark.parametrize("pieces", TRICKLES.values(), ids=TRICKLES)
def test_deadline__ends_a_reply_that_trickles_in(pieces):
    with raw_gateway(*pieces, pause_seconds=0.05) as served:
        transport = Transport(served.base_url, timeout_seconds=0.2, max_connections=1)
        with pytest.raises(TransportError, match="no answer within") as caught:
            transport.send("GET", "/", {})
        transport.close()
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize("position", [0, 20], ids=["first", "last"])
def test_deadline__of_one_order_is_its_own_trouble_and_holds_no_worker(position, tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "backoff_seconds", lambda _tries: 0.01)
    release = threading.Event()

    def slow_status_line(request):
        if SLOW.encode() not in request:
            return naming_answer(request)
        return b"HTTP/1.1 200 "

    def more(request):
        if SLOW.encode() in request:
            release.wait(0.05)
            return b"O"
        return b""

    ids = order_ids(1, 20)
    ids.insert(position, SLOW)
    with (
        raw_gateway(slow_status_line, *[more] * 200) as served,
        served.shop(tmp_path, timeout=0.3, outage=0.4, tries=3) as shop,
    ):
        frame = tts.lookup(ids, shop=shop)
        release.set()
        assert wait_until(lambda: not threads())
    assert list(frame.loc[frame["status"] != "linked", "order_id"]) == [SLOW]
    assert frame.loc[position, "reason"] == "timeout"
    assert wrong(frame.drop(index=position)) == 0


# An answer never reaches another order


def send_all(served, targets, *, timeout_seconds=5.0):
    """The bodies that come for some targets, one after the other on one transport."""
    transport = Transport(served.base_url, timeout_seconds=timeout_seconds, max_connections=1)
    bodies = []
    for target in targets:
        try:
            bodies.append(transport.send("GET", target, {}).body)
        except TransportError as error:
            bodies.append(error.reason)
    transport.close()
    return bodies


def echo(request):
    return answer(request.split(b" ")[1])


def test_answer__that_comes_after_the_time_out_reaches_no_later_request():
    late = threading.Event()

    def answer_late(request):
        if request.startswith(b"GET /late"):
            late.wait(5)
        return echo(request)

    with raw_gateway(answer_late) as served:
        transport = Transport(served.base_url, timeout_seconds=0.2, max_connections=1)
        with pytest.raises(TransportError, match="no answer within"):
            transport.send("GET", "/late", {})
        late.set()
        assert [transport.send("GET", f"/{nth}", {}).body for nth in range(5)] == [
            f"/{nth}".encode() for nth in range(5)
        ]
        transport.close()


def echo_and_more(request):
    return echo(request) + answer(b"surplus")


@pytest.mark.parametrize("pieces", [[echo_and_more], [echo, answer(b"surplus")]], ids=["with it", "later"])
def test_answer__that_nobody_asked_for_reaches_no_later_request(pieces):
    with raw_gateway(*pieces, pause_seconds=0.02) as served:
        transport = Transport(served.base_url, timeout_seconds=5.0, max_connections=1)
        for nth in range(5):
            assert transport.send("GET", f"/{nth}", {}).body == f"/{nth}".encode()
            threading.Event().wait(0.2)
        transport.close()


def test_answer__that_was_not_read_to_its_end_closes_its_connection():
    def large_once(request):
        return answer(b" " * (1 << 21)) if request.startswith(b"GET /large") else echo(request)

    with raw_gateway(large_once) as served:
        assert send_all(served, ["/large", "/1", "/2"]) == ["bad_answer", b"/1", b"/2"]


def test_answer__of_an_interrupted_request_reaches_no_later_request(monkeypatch):
    with raw_gateway(echo) as served:
        transport = Transport(served.base_url, timeout_seconds=5.0, max_connections=1)
        with monkeypatch.context() as patch:
            patch.setattr("ttsframe.client.transport._read", interrupted)
            with pytest.raises(KeyboardInterrupt):
                transport.send("GET", "/interrupted", {})
        assert transport.send("GET", "/next", {}).body == b"/next"
        transport.close()


def interrupted(_response):
    raise KeyboardInterrupt


def test_connection__is_used_by_one_request_at_a_time():
    swapped = []

    with raw_gateway(echo, pause_seconds=0.002) as served:
        transport = Transport(served.base_url, timeout_seconds=5.0, max_connections=4)

        def send(first):
            for nth in range(40):
                target = f"/{first + nth}"
                swapped.extend([target] * (transport.send("GET", target, {}).body != target.encode()))

        workers = [threading.Thread(target=send, args=(1000 * nth,), daemon=True) for nth in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
        transport.close()
    assert len(served.requests) == 8 * 40
    assert swapped == []
