"""Hand a used shop to forked workers, again and again; count wrong answers and workers that hang.

    python tests/chaos/fork.py --runs 10 --workers 8 --orders 500
    python tests/chaos/fork.py --pool executor      # or joblib, which must be installed

Each answer of the gateway names its order. Half of the runs fork while a look-up runs in a thread. The exit
code is 0 if no answer is wrong, in the frames and in the cache, and no worker hangs.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.fork_tools import look_up_own, naming_answer, order_ids, put_wrong, wrong
from support.raw_gateway import raw_gateway

import ttsframe as tts

GIVE_UP_SECONDS = 180.0


def in_processes(context, shop, workers, orders):
    """Return each worker's count of wrong answers; None for one that hung."""
    results = context.SimpleQueue()
    processes = [
        context.Process(target=put_wrong, args=(results, shop, worker, orders), daemon=True)
        for worker in workers
    ]
    for process in processes:
        process.start()
    until = time.monotonic() + GIVE_UP_SECONDS
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
    hung = [process for process in processes if process.is_alive()]
    for process in hung:
        process.kill()
    counts = [None] * len(hung)
    while not results.empty():
        counts.append(results.get())
    return counts


def in_executor(context, shop, workers, orders):
    """The same by `concurrent.futures.ProcessPoolExecutor`."""
    with concurrent.futures.ProcessPoolExecutor(len(workers), mp_context=context) as pool:
        tasks = [pool.submit(look_up_own, shop, worker, orders) for worker in workers]
        done = concurrent.futures.wait(tasks, GIVE_UP_SECONDS).done
        if len(done) < len(tasks):
            for process in list(pool._processes.values()):
                process.kill()
        return [task.result() if task in done else None for task in tasks]


def in_joblib(context, shop, workers, orders):
    """The same by joblib: forked workers, or its own where the start method is not `fork`."""
    import joblib

    backend = "multiprocessing" if context.get_start_method() == "fork" else "loky"
    tasks = [joblib.delayed(look_up_own)(shop, worker, orders) for worker in workers]
    with joblib.parallel_config(backend, n_jobs=len(workers)):
        try:
            return joblib.Parallel(timeout=GIVE_UP_SECONDS)(tasks)
        except (TimeoutError, multiprocessing.TimeoutError):
            return [None] * len(workers)


POOLS = {"process": in_processes, "executor": in_executor, "joblib": in_joblib}


def run(folder, *, pool, method, workers, orders, busy):
    """One run; return wrong answers, wrong or missing rows of the cache, and workers that hung."""
    context = multiprocessing.get_context(method)
    with raw_gateway(naming_answer) as served, served.shop(folder) as shop:
        bad = look_up_own(shop, 0, 100)
        parent = []
        meanwhile = lambda: parent.append(look_up_own(shop, 0, 10 * orders))  # noqa: E731
        thread = threading.Thread(target=meanwhile, daemon=True)
        if busy:
            thread.start()
            time.sleep(0.5)
        counts = POOLS[pool](context, shop, range(1, workers + 1), orders)
        if busy:
            thread.join(GIVE_UP_SECONDS)
        bad += sum(count or 0 for count in (*counts, *parent))
        everything = [order_id for worker in range(1, workers + 1) for order_id in order_ids(worker, orders)]
        cached = wrong(tts.lookup(everything, shop=shop, offline=True))
    return bad, cached, counts.count(None)


def main():
    """Run as often as asked, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition(chr(10))[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--pool", choices=POOLS, default="process")
    parser.add_argument("--method", choices=multiprocessing.get_all_start_methods(), default="fork")
    options = parser.parse_args()
    total = [0, 0, 0]
    for nth in range(options.runs):
        busy = nth % 2 == 1
        with tempfile.TemporaryDirectory() as folder:
            counts = run(
                Path(folder),
                pool=options.pool,
                method=options.method,
                workers=options.workers,
                orders=options.orders,
                busy=busy,
            )
        total = [one + other for one, other in zip(total, counts, strict=True)]
        when = "during a look-up" if busy else "after a look-up"
        print(f"run {nth + 1} ({when}): wrong {counts[0]}, cache {counts[1]}, hung {counts[2]}")
    print(
        f"SUMMARY pool={options.pool} runs={options.runs} wrong={total[0]} cache={total[1]} hung={total[2]}"
    )
    return 1 if any(total) else 0


if __name__ == "__main__":
    sys.exit(main())
