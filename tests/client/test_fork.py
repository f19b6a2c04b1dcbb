"""A shop that is handed to other processes: each has its own connections, locks, rate and threads."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pickle
import threading

import pytest
from support.fork_tools import look_up_own, naming_answer, order_ids, put_wrong, wrong
from support.raw_gateway import raw_gateway
from support.session_tools import gateway, ids_of, shop_of, wait_until

import ttsframe as tts
from ttsframe.client.tokens import TokenStore

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX"),
    # Python warns of forking with threads, which is what these tests do.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

WORKERS, ORDERS = 8, 25
NEW_PYTHONS = 3
"""Workers that begin without anything of this process; each takes a second to start."""
SECONDS = 60


@pytest.fixture
def served():
    with raw_gateway(naming_answer) as one:
        yield one


def run_workers(method, shop, workers):
    """Look up in processes of their own; return the sum of wrong answers and how many came to an end."""
    context = multiprocessing.get_context(method)
    results = context.Queue()
    processes = [
        context.Process(target=put_wrong, args=(results, shop, worker, ORDERS), daemon=True)
        for worker in range(1, workers + 1)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(SECONDS)
    hung = [process for process in processes if process.is_alive()]
    for process in hung:
        process.kill()
    ended = [results.get(timeout=SECONDS) for _ in range(workers - len(hung))]
    return sum(ended), len(ended)


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_fork__before_and_after_a_lookup_every_worker_gets_its_own_answers(method, served, tmp_path):
    with served.shop(tmp_path) as shop:
        assert shop.client
        workers = WORKERS if method == "fork" else NEW_PYTHONS
        if method == "fork":
            assert run_workers(method, shop, workers) == (0, workers)
            (tmp_path / "raw.sqlite").unlink()
        assert look_up_own(shop, 0, 100) == 0
        assert run_workers(method, shop, workers) == (0, workers)
        assert look_up_own(shop, 0, 200) == 0
        everything = [order_id for worker in range(workers + 1) for order_id in order_ids(worker, ORDERS)]
        frame = tts.lookup(everything, shop=shop, offline=True)
    assert frame["status"].eq("linked").all()
    assert wrong(frame) == 0


def test_fork__while_a_lookup_runs_in_a_thread_neither_hangs_nor_is_answered_wrongly(served, tmp_path):
    with served.shop(tmp_path) as shop:
        running = []
        thread = threading.Thread(target=lambda: running.append(look_up_own(shop, 0, 600)), daemon=True)
        thread.start()
        assert wait_until(lambda: len(served.requests) > 50)
        assert run_workers("fork", shop, WORKERS) == (0, WORKERS)
        thread.join(SECONDS)
    assert running == [0]


def test_fork__workers_of_a_process_pool_executor(served, tmp_path):
    with served.shop(tmp_path) as shop:
        assert look_up_own(shop, 0, 100) == 0
        context = multiprocessing.get_context("fork")
        with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
            asked = [pool.submit(look_up_own, shop, worker, ORDERS) for worker in range(1, WORKERS + 1)]
            assert [one.result(SECONDS) for one in asked] == [0] * WORKERS


@pytest.mark.parametrize(("backend", "workers"), [("loky", NEW_PYTHONS), ("multiprocessing", WORKERS)])
def test_fork__workers_of_joblib(backend, workers, served, tmp_path):
    joblib = pytest.importorskip("joblib")
    with served.shop(tmp_path) as shop:
        assert look_up_own(shop, 0, 100) == 0
        with joblib.parallel_config(backend, n_jobs=workers):
            tasks = [joblib.delayed(look_up_own)(shop, worker, ORDERS) for worker in range(1, workers + 1)]
            assert joblib.Parallel(timeout=SECONDS)(tasks) == [0] * workers


def test_fork__the_child_goes_on_with_a_refreshed_token(tmp_path):
    with gateway(40, token_answers=10) as box, shop_of(box, tmp_path, timeout=5.0) as shop:
        box.change(token_answers=None)
        shop.client.authorizer.refresh(shop.client.authorizer.sign(tts.gateway.shops_request()))
        pair = shop.client.authorizer.pair
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, b"same" if shop.client.authorizer.pair == pair else b"other")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 10) == b"same"
        os.close(read)
        os.close(write)
    assert len(ids_of(box)) == 40


def test_shop__that_was_used_can_be_pickled(tmp_path):
    with gateway(1) as box, shop_of(box, tmp_path, tokens=TokenStore(tmp_path / "tokens.json")) as shop:
        assert shop.client
        copy = pickle.loads(pickle.dumps(shop))
        assert (copy.credentials, copy.settings) == (shop.credentials, shop.settings)
        assert copy.client is not shop.client
        copy.close()
