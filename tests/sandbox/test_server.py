"""The server of the sandbox: connections, the log, its options while running, its end."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from support.sandbox_client import WireClient, headers, references_path, target
from support.sandbox_log import Audit
from support.sandbox_process import run
from support.session_tools import wait_until

from ttsframe import sandbox
from ttsframe.errors import InputError, SettingsError
from ttsframe.references.lookup import lookup
from ttsframe.sandbox import Generated

ORDERS = Generated(count=20, linked_share=0.5, denied_share=0.1)
NAMES = [
    "TIKTOK_APP_KEY",
    "TIKTOK_APP_SECRET",
    "TIKTOK_APP_ACCESS_KEY",
    "TIKTOK_SHOP_CIPHER",
    "TIKTOK_APP_REFRESH_KEY",
    "TTSFRAME_BASE_URL",
    "TTSFRAME_AUTH_URL",
    "EXAMPLE_ORDER_ID",
]


@pytest.fixture(params=[False, True], ids=["thread", "process"], scope="module")
def box(request):
    with run(ORDERS, process=request.param) as running:
        yield running


def address(box):
    host, port = box.base_url.removeprefix("http://").split(":")
    return host, int(port)


def raw_request(order_id):
    lines = [f"{name}: {value}" for name, value in headers().items()]
    head = f"GET {target(references_path(order_id), {'platform': 'SHOPIFY'})} HTTP/1.1"
    return "\r\n".join([head, "Host: sandbox", *lines, "", ""]).encode()


def read_answers(connection, count):
    """The bodies of so many answers that came on one connection."""
    stream, bodies = connection.makefile("rb"), []
    with stream:
        for _ in range(count):
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name == b"Content-Length" else length
            bodies.append(json.loads(stream.read(length)))
    return bodies


def test_answer__right_for_every_order_on_one_connection(box):
    before = len(box.log)
    links = box.links[box.links["platform"] == "SHOPIFY"].groupby("order_id")["external_order_id"].agg(set)
    with WireClient(box) as client:
        for order_id, kind in box.orders.itertuples(index=False):
            said = client.references(order_id)
            if kind == "denied":
                assert said.code == 21008111
            else:
                got = {entry["id"] for entry in said.data["external_orders"]}
                assert got == links.get(order_id, set())
    entries = box.log[before:]
    assert len(entries) == 20
    assert len({entry.connection for entry in entries}) == 1
    assert {entry.outcome for entry in entries} == {"good"}


def test_answer__has_a_date(box):
    with WireClient(box) as client:
        assert client.references(box.example_order_id).headers["Date"].endswith("GMT")


def test_example__is_linked(box):
    with WireClient(box) as client:
        assert client.references(box.example_order_id).data["external_orders"]


def test_home__says_what_it_is(box):
    with WireClient(box) as client:
        said = client.ask("/")
    assert said.status == 200
    assert b"ttsframe sandbox" in said.raw


def test_change__reaches_the_gateway(box):
    box.change(shape="reference")
    with WireClient(box) as client:
        assert list(client.references(box.example_order_id).data) == ["external_order_references"]
        box.change(shape="official")
        assert list(client.references(box.example_order_id).data) == ["external_orders"]
        box.rate = 0.001
        codes = [client.references(box.example_order_id).code for _ in range(3)]
    assert (codes[0], codes[-1]) == (0, 36009002)
    assert Audit(box.log).throttled
    box.rate = None
    assert box.rate is None


def test_change__unknown_option(box):
    with pytest.raises(InputError, match="no option speed"):
        box.change(speed=1)


def test_environment__names_and_values(box):
    assert list(box.environment) == NAMES
    assert box.environment["TTSFRAME_BASE_URL"] == box.base_url
    assert all(box.environment.values())


def test_http__pipelined_requests_are_answered_in_order():
    with (
        sandbox.run(ORDERS, latency_seconds=0.01) as box,
        socket.create_connection(address(box)) as connection,
    ):
        order_ids = list(box.orders["order_id"][:5])
        sent = b"".join(map(raw_request, order_ids))
        connection.sendall(sent[:100])
        connection.sendall(sent[100:])
        answers = read_answers(connection, 5)
        assert len(answers) == 5
        assert [entry.order_id for entry in box.log] == order_ids
        numbers = [answer["request_id"] for answer in answers]
        assert numbers == sorted(numbers)


def test_http__connection_close_is_kept():
    with sandbox.run(ORDERS) as box, socket.create_connection(address(box)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"Connection: close" in received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET /" + b"a" * 70_000, 431),
    ],
)
def test_http__what_is_no_request_is_refused_and_closed(sent, status):
    with sandbox.run(ORDERS) as box, socket.create_connection(address(box)) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert received.startswith(f"HTTP/1.1 {status} ".encode())
        assert box.log[-1].outcome == "error"


def test_latency__an_answer_without_it_overtakes():
    with (
        sandbox.run(ORDERS, latency_seconds=1.0, jitter_seconds=0.1) as box,
        socket.create_connection(address(box)) as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert wait_until(lambda: box._server.gateway._requests)
        box.change(latency_seconds=0.0, jitter_seconds=0.0)
        with WireClient(box) as client:
            client.references(box.example_order_id)
        assert [entry.operation for entry in box.log] == ["get_references"]
        assert slow.recv(12) == b"HTTP/1.1 200"


def test_latency__a_client_that_left_has_no_good_answer():
    with sandbox.run(ORDERS, latency_seconds=0.05) as box:
        with socket.create_connection(address(box)) as connection:
            connection.sendall(raw_request(box.example_order_id))
        with WireClient(box) as client:
            client.references(box.example_order_id)
        assert [entry.outcome for entry in box.log] == ["gone", "good"]
        assert sum(Audit(box.log).good_answers.values()) == 1


def test_log__counts():
    with sandbox.run(ORDERS) as box:
        for _ in range(2):
            with WireClient(box) as client:
                client.references(box.example_order_id)
                client.ask("/")
        key = (box.example_order_id, "SHOPIFY")
        assert Audit(box.log).good_answers == {key: 2}
        assert Audit(box.log).asked_after_good_answer == {key: 1}
        assert (len(Audit(box.log).requests), Audit(box.log).connections) == (2, 2)


@pytest.mark.parametrize("process", [False, True])
def test_close__frees_the_port_and_leaves_nothing(process):
    threads = threading.active_count()
    box = run(ORDERS, process=process)
    with WireClient(box) as client:
        client.references(box.example_order_id)
        box.close()
        box.close()
        with pytest.raises(OSError):
            client.references(box.example_order_id)
    assert threading.active_count() == threads
    with sandbox.run(ORDERS, port=address(box)[1]) as again:
        assert again.base_url == box.base_url


def test_run__port_in_use():
    with sandbox.run(ORDERS) as box, pytest.raises(SettingsError, match="cannot listen on port"):
        sandbox.run(ORDERS, port=address(box)[1])


def test_process__ends_with_its_parent():
    script = """
import os
from support.sandbox_process import SandboxProcess
from ttsframe import sandbox
box = SandboxProcess(sandbox.Generated(count=5))
print(box.base_url, flush=True)
os._exit(1)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    port = int(done.stdout.rsplit(":", 1)[1])
    assert wait_until(lambda: not answers(port))


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_http__many_requests_at_once_while_an_answer_is_due():
    with (
        sandbox.run(ORDERS, latency_seconds=0.001) as box,
        socket.create_connection(address(box)) as connection,
    ):
        connection.settimeout(10)
        path, body = "/order/202309/orders/search", b" " * 900_000
        lines = [f"{name}: {value}" for name, value in headers().items()]
        head = f"POST {target(path, {}, body)} HTTP/1.1"
        length = f"Content-Length: {len(body)}"
        one = "\r\n".join([head, length, *lines, "", ""]).encode() + body
        sending = threading.Thread(target=connection.sendall, args=(one * 8,), daemon=True)
        sending.start()
        assert [answer["code"] for answer in read_answers(connection, 8)] == [0] * 8
        sending.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_forever__prints_and_serves_until_interrupted(number):
    script = "from ttsframe import sandbox\nraise SystemExit(sandbox.serve_forever())"
    command = [sys.executable, "-W", "error", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            told = dict(child.stdout.readline().rstrip("\n").split("=", 1) for _ in NAMES)
            assert list(told) == NAMES
            running = type("Told", (), {"base_url": told["TTSFRAME_BASE_URL"]})
            with WireClient(running) as client:
                assert client.references(told["EXAMPLE_ORDER_ID"]).data["external_orders"]
            os.kill(child.pid, number)
            _, errors = child.communicate(timeout=10)
        finally:
            child.kill()
    assert (child.returncode, errors) == (0, "")


def test_serve_forever__port_in_use_prints_nothing():
    out = io.StringIO()
    with sandbox.run(ORDERS) as box, pytest.raises(SettingsError):
        sandbox.serve_forever(ORDERS, port=address(box)[1], out=out)
    assert out.getvalue() == ""


def test_shop__asks_this_sandbox_with_a_cache_that_goes_with_it():
    before = dict(os.environ)
    with sandbox.run(ORDERS) as running:
        with running.shop(rate=50) as shop:
            refs = lookup(running.orders, shop=shop)
            assert lookup(running.orders, shop=shop)["from_cache"].all()
        assert (shop.settings.base_url, shop.settings.rate) == (running.base_url, 50)
        assert shop.settings.cache_file.is_file()
    assert not shop.settings.cache_file.parent.exists()
    assert refs["request_id"].str.startswith("sandbox").all()
    assert dict(os.environ) == before
