"""Look up orders while everything goes wrong, and audit what came of it.

    python tests/chaos/run.py --seed 1 --orders 3000
    python tests/chaos/run.py --seeds 20

Several clients on one cache, each a process of its own, ask for a share of the orders each. The gateway is a
sandbox that spoils a quarter of its answers in every way it knows, stops for seconds, moves its limit, and
lets the token expire. Clients are killed (SIGKILL) and interrupted (SIGINT) at random moments and started
again, and the cache is locked now and then. At the end one client looks everything up, and its file is
compared with what the gateway knows, and the gateway's log with itself:

lost
    orders without an answer in the end;
wrong
    orders whose answer is not the gateway's;
asked twice
    requests for an order after its good answer. A client that is killed loses what it has not yet written:
    the answers of its last second;
without cause
    those of them whose answer did not come in the last second (and a half, for slow machines) of a client
    that was killed or interrupted, nor was on its way to it then.

The exit code is 0 if nothing is lost or wrong, nothing is asked twice without cause, and every client ended
as it should.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.client_tools import Client
from support.sandbox_log import Audit as LogAudit
from support.sandbox_process import SandboxProcess
from support.session_tools import expected, found, ids_of

from ttsframe import sandbox

# What a client is like: quick to try again, and deaf to Ctrl-C until ttsframe is loaded.
PRELUDE = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import ttsframe.cli
from ttsframe.client import retry, retry_queue
retry.backoff_seconds = lambda failed: 0.02 * failed
retry_queue._PROBE_EVERY_SECONDS = 0.1
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
SETTINGS = {"timeout": 1, "outage": 1.5}
LAST_SECONDS = 1.5
ON_ITS_WAY_SECONDS = 0.5
GIVE_UP_SECONDS = 120.0
ENDS = {0: "finished", 1: "finished", 2: "outage", 130: "interrupted", -9: "killed", -2: "interrupted"}


@dataclass
class Tally:
    """What happened."""

    ends: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    kills: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    """When (Unix seconds), and the orders of the client."""

    def excuses(self, entry):
        """Whether the answer may have been lost with its client."""
        before = [at - entry.time for at, ids in self.kills if entry.order_id in ids]
        return any(-ON_ITS_WAY_SECONDS <= seconds <= LAST_SECONDS for seconds in before)


@dataclass(frozen=True)
class Audit:
    """The outcome of one seed."""

    seed: int
    orders: int
    seconds: float
    requests: int
    refreshes: int
    lost: int
    wrong: int
    twice: int
    without_cause: int
    tally: Tally

    @property
    def passed(self):
        return not (self.lost or self.wrong or self.without_cause or self.tally.complaints)

    def __str__(self):
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.tally.ends.items()))
        said = "".join(f"\n    {complaint}" for complaint in self.tally.complaints)
        return (
            f"seed {self.seed}: {'passed' if self.passed else 'FAILED'}; {self.orders} orders, "
            f"lost {self.lost}, wrong {self.wrong}, asked twice {self.twice} "
            f"(without cause {self.without_cause}); {self.requests} requests, {self.refreshes} renewals; "
            f"clients: {ends}; {self.seconds:.0f} s{said}"
        )


class Chaos:
    """One run with one seed."""

    def __init__(self, box, folder, *, seed, clients, kills):
        self.box = box
        self.folder = folder
        self.random = random.Random(seed)
        self.ids = ids_of(box)
        self.shares = [self.ids[place::clients] for place in range(clients)]
        self.running = {}
        self.tally = Tally()
        self.kills_at = sorted(self.random.sample(range(1, len(self.ids)), kills))
        self.normal = box.behaviour
        self.next_weather = time.monotonic() + 1.0

    def run(self):
        """Until every share is answered, and then all of it in one."""
        until = time.monotonic() + GIVE_UP_SECONDS
        for place in range(len(self.shares)):
            self.start(place)
        while self.running and time.monotonic() < until:
            self.look_after_clients()
            self.kill()
            self.change_weather()
            time.sleep(0.05)
        self.box.change(**vars(self.normal))
        self.shares.append(self.ids)
        self.start(len(self.shares) - 1)
        while self.running and time.monotonic() < until:
            self.look_after_clients()
            time.sleep(0.05)
        for client in self.running.values():
            client.process.kill()
            self.tally.complaints.append("a client did not end in time")
        return self.folder / f"client-{len(self.shares) - 1}" / "references.csv"

    def start(self, place):
        self.running[place] = Client(
            self.box,
            self.folder / f"client-{place}",
            ids=self.shares[place],
            settings=SETTINGS | {"cache": self.folder / "answers.sqlite"},
            prelude=PRELUDE,
            more={"XDG_CONFIG_HOME": str(self.folder / "config"), "HOME": str(self.folder)},
        )

    def look_after_clients(self):
        """Start again whatever ended before its share was done."""
        for place, client in list(self.running.items()):
            if client.process.poll() is None:
                continue
            ended = client.wait()
            end = ENDS.get(ended.code, "crashed")
            self.tally.ends[end] = self.tally.ends.get(end, 0) + 1
            if end == "crashed" or is_traceback(ended.err) or (end == "outage" and "answer" not in ended.err):
                self.tally.complaints.append(f"exit code {ended.code}: {ended.err.strip()[-600:]}")
            del self.running[place]
            if end != "finished" and len(self.tally.complaints) < 5:
                self.start(place)

    def kill(self):
        """Kill or interrupt a client when so many orders are answered."""
        if not self.kills_at or LogAudit(self.box.log).good_answers.total() < self.kills_at[0]:
            return
        self.kills_at.pop(0)
        place, victim = self.random.choice(list(self.running.items()))
        self.tally.kills.append((time.time(), frozenset(self.shares[place])))
        victim.process.send_signal(self.random.choice([signal.SIGKILL, signal.SIGINT]))

    def change_weather(self):
        """An outage, a lower limit, a locked cache, or a fair spell."""
        if time.monotonic() < self.next_weather:
            return
        self.next_weather = time.monotonic() + self.random.uniform(0.4, 2.5)
        weather = self.random.choice(["fair", "fair", "limit", "outage", "locked"])
        self.box.change(**vars(self.normal))
        if weather == "limit":
            refusal = self.random.choice(["429", "200", "plain_429"])
            self.box.change(rate_per_second=self.random.uniform(40, 200), refusal=refusal)
        elif weather == "outage":
            kind = self.random.choice(["hang", "reset", "http_500", "html_503"])
            self.box.change(fault_share=1.0, fault_kinds=(kind,), faults_in_a_row=None)
        elif weather == "locked":
            with contextlib.suppress(sqlite3.Error):
                self.lock(self.random.uniform(0.1, 0.6))

    def lock(self, seconds):
        with contextlib.closing(sqlite3.connect(self.folder / "answers.sqlite", timeout=0.1)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)


def is_traceback(text):
    """Whether ttsframe let an error through; Ctrl-C before or after its command is Python's own affair."""
    return "Traceback" in text and "/ttsframe/" in text


def run_seed(seed, *, orders=3000, clients=3, kills=8, fault_share=0.25):
    """Run one seed and audit it."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="ttsframe-chaos-") as name,
        SandboxProcess(
            sandbox.Generated(count=orders, seed=seed, refused_share=0.01),
            fault_share=fault_share,
            fault_kinds=sandbox.FAULT_KINDS,
            fault_seed=seed,
            faults_in_a_row=4,
            latency_seconds=0.005,
            jitter_seconds=0.02,
            token_answers=max(20, orders // 6),
            # A client that is killed between renewing and keeping takes a rotated token with it.
            refresh_rotates=False,
        ) as box,
    ):
        chaos = Chaos(box, Path(name), seed=seed, clients=clients, kills=kills)
        output = chaos.run()
        return audit(box, output, chaos.tally, seed=seed, seconds=time.monotonic() - started)


def audit(box, output, tally, *, seed, seconds):
    """Compare the last client's file with the gateway's table, and the gateway's log with itself."""
    truth = expected(box)
    rows = (
        pd.read_csv(output, dtype="str")
        if output.exists()
        else pd.DataFrame(columns=["order_id", "status", "external_order_id"])
    )
    answered = rows[rows["status"].isin(["linked", "unlinked", "denied", "invalid"])]
    told, known = found(answered), set(answered["order_id"])
    log = LogAudit(box.log)
    good = [entry for entry in log if entry.operation == "get_references" and entry.outcome == "good"]
    again = log.asked_after_good_answer
    excused = {(entry.order_id, entry.platform) for entry in good if tally.excuses(entry)}
    return Audit(
        seed=seed,
        orders=len(box.orders),
        seconds=seconds,
        requests=len(log.requests),
        refreshes=len(log.refreshes),
        lost=len(set(box.orders["order_id"]) - known),
        wrong=len({order_id for order_id, _ in told ^ truth if order_id in known}),
        twice=again.total(),
        without_cause=sum(count for order, count in again.items() if order not in excused),
        tally=tally,
    )


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after another")
    parser.add_argument("--orders", type=int, default=3000)
    parser.add_argument("--clients", type=int, default=3, help="processes on one cache")
    parser.add_argument("--kills", type=int, default=8, help="SIGKILL or SIGINT, in all")
    parser.add_argument("--fault-share", type=float, default=0.25)
    options = parser.parse_args(argv)
    audits = []
    for seed in range(options.seed, options.seed + options.seeds):
        audits.append(
            run_seed(
                seed,
                orders=options.orders,
                clients=options.clients,
                kills=options.kills,
                fault_share=options.fault_share,
            )
        )
        print(audits[-1], flush=True)
    print(
        f"total: {sum(each.passed for each in audits)} of {len(audits)} seeds passed; "
        f"{sum(each.orders for each in audits)} orders, lost {sum(each.lost for each in audits)}, "
        f"wrong {sum(each.wrong for each in audits)}, asked twice {sum(each.twice for each in audits)} "
        f"(without cause {sum(each.without_cause for each in audits)}); "
        f"{sum(len(each.tally.kills) for each in audits)} kills, "
        f"{sum(each.refreshes for each in audits)} renewals"
    )
    return 0 if all(each.passed for each in audits) else 1


if __name__ == "__main__":
    sys.exit(main())
