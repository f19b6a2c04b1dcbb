"""Ctrl-C, kill, and the stop button of a notebook: at once, and no answer is lost."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from support.cache_tools import lock
from support.client_tools import Client
from support.sandbox_log import Audit
from support.session_tools import (
    expected,
    found,
    gateway,
    ids_of,
    look_up,
    shop_of,
    stored,
    threads,
    wait_until,
)

import ttsframe as tts
from ttsframe import ids
from ttsframe.cache import Cache
from ttsframe.cache.writer import Writer
from ttsframe.cli import main
from ttsframe.client import GatewayClient, LookupKey, WorkerPool
from ttsframe.references.in_flight import IN_FLIGHT
from ttsframe.references.progress import Progress

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")

# So long may requests take that an end which waited for them would never come.
PATIENT = {"timeout": 600, "outage": 600}


def assert_polite(ended, client):
    """One line, exit code 130, no output half written."""
    assert ended.code == 130, ended
    assert ended.err.count("\n") == 1, ended.err
    assert ended.err.startswith("ttsframe: interrupted")
    assert ended.out == ""
    assert [path.name for path in client.folder.iterdir() if path.name.startswith((".refer", "refer"))] == []


def test_interrupt__keeps_every_answer_and_the_same_command_goes_on(tmp_path):
    with gateway(1500, process=True, latency_seconds=0.01) as box:
        client = Client(box, tmp_path, ids=ids_of(box))
        assert wait_until(lambda: Audit(box.log).good_answers.total() >= 150, within_seconds=30)
        ended = client.end()
        assert_polite(ended, client)
        good = Audit(box.log).good_answers.total()
        assert 150 <= good < 1500
        assert stored(tmp_path) == good
        assert f"{good:,} of 1,500 answers are kept" in ended.err
        assert "same command" in ended.err
        again = Client(box, tmp_path, ids=ids_of(box)).wait()
        assert again.code in (0, 1), again
        frame = look_up(box, tmp_path)
        assert frame["from_cache"].all()
        assert found(frame) == expected(box)
        assert not Audit(box.log).asked_after_good_answer


@pytest.mark.parametrize(
    "options",
    [
        {"fault_share": 1.0, "fault_kinds": "hang"},
        {"rate_per_second": 0.01, "burst": 1, "retry_after": "seconds"},
        {"fault_share": 1.0, "fault_kinds": "http_500"},
    ],
    ids=["hanging", "told to wait", "backing off"],
)
def test_interrupt__while_waiting(options, tmp_path):
    with gateway(300, process=True, **options) as box:
        client = Client(box, tmp_path, ids=ids_of(box), settings=PATIENT)
        assert wait_until(lambda: len(box.log) >= 3, within_seconds=30)
        assert_polite(client.end(), client)


def test_interrupt__while_the_token_is_refreshed(tmp_path):
    with gateway(60, process=True, token_answers=10) as box, gateway(1) as auth:
        auth.change(latency_seconds=600.0)
        client = Client(box, tmp_path, ids=ids_of(box), settings={"auth_url": auth.base_url, **PATIENT})
        assert wait_until(lambda: any(entry.code == 105002 for entry in box.log), within_seconds=30)
        assert_polite(client.end(), client)


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_interrupt__while_another_process_locks_the_cache(statement, tmp_path):
    with gateway(400, process=True, latency_seconds=0.01) as box:
        with shop_of(box, tmp_path) as shop:
            tts.lookup(ids_of(box)[:5], shop=shop)
        with lock(tmp_path / "answers.sqlite", statement):
            client = Client(box, tmp_path, ids=ids_of(box))
            assert wait_until(lambda: Audit(box.log).good_answers.total() >= 30, within_seconds=30)
            ended = client.end()
        assert ended.code == 130
        assert "Traceback" not in ended.err


def test_kill__loses_no_more_than_the_last_second(tmp_path):
    with gateway(1500, process=True, latency_seconds=0.01) as box:
        client = Client(box, tmp_path, ids=ids_of(box), settings={"rate": 150})
        assert wait_until(lambda: Audit(box.log).good_answers.total() >= 300, within_seconds=30)
        assert client.end(signal.SIGKILL).code == -signal.SIGKILL
        good = Audit(box.log).good_answers.total()
        assert stored(tmp_path) >= good - 300
        assert found(look_up(box, tmp_path, timeout=20.0)) == expected(box)
        assert Audit(box.log).asked_after_good_answer.total() <= 300


# In this process, as in a notebook


@pytest.mark.parametrize(
    "where",
    [(WorkerPool, "_next"), (sys.modules["ttsframe.references.lookup"], "_keep")],
    ids=["waiting", "keeping"],
)
def test_interrupt__anywhere_in_the_loop_stops_the_workers_though_the_traceback_lives(
    where, tmp_path, monkeypatch
):
    owner, name = where
    real = getattr(owner, name)
    calls = []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 40:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(owner, name, interrupted)
    with gateway(500, latency_seconds=0.01) as box:
        with (
            shop_of(box, tmp_path, timeout=20.0) as shop,
            pytest.raises(KeyboardInterrupt, match="answers are kept") as caught,
        ):
            tts.lookup(ids_of(box), shop=shop)
        assert wait_until(lambda: not threads())
        asked = len(box.log)
        assert asked < 200
        assert stored(tmp_path) == Audit(box.log).good_answers.total()
        monkeypatch.setattr(owner, name, real)
        assert found(look_up(box, tmp_path, timeout=20.0)) == expected(box)
        assert not Audit(box.log).asked_after_good_answer
    assert caught.value.__traceback__ is not None


# Outside the fetching loop: at a named place, in this process


def interrupt_once(monkeypatch, owner, name, *, only=lambda *_: True, after=False):
    """Press Ctrl-C at the next call of a function that `only` is true for, before or after its work."""
    real = getattr(owner, name)
    pressed = []

    def interrupted(*arguments, **options):
        if pressed or not only(*arguments):
            return real(*arguments, **options)
        pressed.append(True)
        if after:
            real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, interrupted)
    return pressed


def is_cache_thread(thread, *_):
    return thread.name == "ttsframe-cache"


LOOKUP = sys.modules["ttsframe.references.lookup"]


@pytest.mark.parametrize(
    ("owner", "name", "options", "answers"),
    [
        (sys.modules["ttsframe.cli.lookup"], "read_ids", {}, 5),
        (ids, "clean", {}, 5),
        (tts.Shop, "open_cache", {}, 5),
        (LOOKUP.gateway, "decode_cached", {}, 5),
        (tts.Shop, "_new_client", {}, 5),
        (Progress, "__enter__", {}, 5),
        (Progress, "__exit__", {}, 60),
        (WorkerPool, "close", {}, 60),
        (Cache, "close", {}, 60),
        (Writer, "close", {}, 60),
        (threading.Thread, "join", {"only": is_cache_thread}, 60),
        (Writer, "close", {"after": True}, 60),
        (GatewayClient, "close", {}, 60),
        (LOOKUP, "to_frame", {}, 60),
        (sys.modules["ttsframe.cli.lookup"], "save_frame", {}, 60),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_interrupt__outside_the_loop_is_polite_and_keeps_what_was_answered(
    owner, name, options, answers, tmp_path, monkeypatch, capsys
):
    with gateway(60) as box:
        with shop_of(box, tmp_path) as shop:
            tts.lookup(ids_of(box)[:5], shop=shop)
        capsys.readouterr()
        pressed = interrupt_once(monkeypatch, owner, name, **options)
        assert run_lookup(box, tmp_path, monkeypatch) == 130
        assert pressed
        assert_one_line(capsys)
        # The writer has ended already; a worker ends with its request.
        assert "ttsframe-cache" not in threads()
        assert wait_until(lambda: not threads())
        assert not (tmp_path / "references.csv").exists()
        assert stored(tmp_path) == Audit(box.log).good_answers.total() == answers
        assert found(look_up(box, tmp_path, timeout=20.0)) == expected(box)
        assert not Audit(box.log).asked_after_good_answer


def test_interrupt__while_waiting_for_another_call_keeps_the_own_answers(tmp_path, monkeypatch, capsys):
    with gateway(60) as box, shop_of(box, tmp_path) as shop, IN_FLIGHT.call(LOOKUP._scope(shop)) as other:
        keys = [LookupKey(order_id, "SHOPIFY") for order_id in ids_of(box)[:20]]
        assert other.claim(keys, usable_seconds=lambda _outcome: 0.0) == keys
        waits = interrupt_once(monkeypatch, IN_FLIGHT.changed, "wait")
        assert run_lookup(box, tmp_path, monkeypatch) == 130
        assert waits
        assert "40 of 60 answers are kept" in assert_one_line(capsys)
        assert "ttsframe-cache" not in threads()
        assert stored(tmp_path) == 40
        # The other call goes on, and nobody holds the table.
        assert other.claim(keys, usable_seconds=lambda _outcome: 0.0) == []


def run_lookup(box, folder, monkeypatch):
    """Run the command in this process; return its exit code."""
    for name, value in {**box.environment, "TTSFRAME_CACHE": str(folder / "answers.sqlite")}.items():
        monkeypatch.setenv(name, value)
    orders = folder / "orders.csv"
    orders.write_text("order_id\n" + "".join(f"{order_id}\n" for order_id in ids_of(box)))
    return main(["lookup", str(orders), "-o", str(folder / "references.csv")])


def assert_one_line(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ttsframe: interrupted")
    assert err.count("\n") == 1, err
    return err


def test_interrupt__a_kernel_is_usable_at_once(tmp_path):
    client = pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    with gateway(3000, process=True, latency_seconds=0.02, fault_share=0.05, fault_kinds="hang") as box:
        manager = client.KernelManager(kernel_name="python3")
        manager.kernel_spec.argv[0] = sys.executable
        manager.start_kernel(env={**os.environ, **box.environment, "TTSFRAME_TIMEOUT": "1"}, cwd=tmp_path)
        kernel = manager.blocking_client()
        kernel.start_channels()
        try:
            kernel.wait_for_ready(timeout=60)
            run(kernel, "import ttsframe as tts, threading, time")
            ids = tmp_path / "ids.txt"
            ids.write_text("\n".join(ids_of(box)))
            asked = kernel.execute(
                f"refs = tts.lookup(open({str(ids)!r}).read().split(), progress=False)",
                stop_on_error=False,  # else the kernel may abort the next request, too
            )
            assert wait_until(lambda: Audit(box.log).good_answers.total() >= 50, within_seconds=30)
            manager.interrupt_kernel()
            reply = kernel._recv_reply(asked, timeout=60)
            assert reply["content"]["ename"] == "Interrupted"
            assert "answers are kept" in reply["content"]["evalue"]
            assert run(kernel, "print(6 * 7)") == "42"
            living = "[t.name for t in threading.enumerate() if t.name.startswith('ttsframe')]"
            waiting = f"until = time.time() + 10\nwhile {living} and time.time() < until: time.sleep(0.02)"
            assert run(kernel, f"{waiting}\nprint({living})") == "[]"
        finally:
            kernel.stop_channels()
            manager.shutdown_kernel(now=True)


def run(kernel, code):
    """Run a cell; return what it printed."""
    printed = []

    def keep(message):
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = kernel.execute_interactive(code, timeout=30, output_hook=keep)
    assert reply["content"]["status"] == "ok", reply
    return "".join(printed).strip()
