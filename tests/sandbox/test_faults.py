"""Faults, as a client sees them."""

import http.client
import json
from collections import Counter
from pathlib import Path

import pytest
from support.sandbox_client import WireClient

from ttsframe import sandbox
from ttsframe.sandbox import FAULT_KINDS, Behaviour, Generated
from ttsframe.sandbox.faults import FaultInjector

ORDERS = Generated(count=20, linked_share=1, denied_share=0)
EXAMPLE = next(iter(sandbox.orders.read_table(ORDERS).references))


@pytest.fixture(scope="module")
def box():
    with sandbox.run(ORDERS) as running:
        yield running


def ask_with(box, kind, *, timeout=10):
    box.change(fault_share=1.0, fault_kinds=kind)
    with WireClient(box, timeout=timeout) as client:
        return client.references(EXAMPLE)


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("http_500", 500, "text/plain"),
        ("html_503", 503, "text/html; charset=utf-8"),
        ("cut_json", 200, "application/json"),
        ("empty", 200, "application/json"),
        ("wrong_type", 200, "text/html; charset=utf-8"),
        ("plain_429", 429, "text/plain"),
        ("redirect", 302, "application/json"),
    ],
)
def test_fault__without_an_envelope(box, kind, status, content_type):
    said = ask_with(box, kind)
    assert (said.status, said.headers["Content-Type"]) == (status, content_type)
    with pytest.raises(ValueError):
        json.loads(said.raw)
    assert (box.log[-1].outcome, box.log[-1].code) == (kind, None)


@pytest.mark.parametrize(("kind", "status"), [("envelope_500", 500), ("envelope_200", 200)])
def test_fault__internal_error_with_an_envelope(box, kind, status):
    said = ask_with(box, kind)
    assert (said.status, said.code, box.log[-1].outcome) == (status, 36009003, kind)


def test_fault__redirect_leads_to_another_host(box):
    assert ask_with(box, "redirect").headers["Location"].startswith("https://elsewhere.example.com/")


def test_fault__oversized_is_a_right_answer_over_1_mib(box):
    said = ask_with(box, "oversized")
    assert len(said.raw) > 1 << 20
    assert said.code == 0


def test_fault__deep_is_nested_beyond_any_decoder(box):
    with pytest.raises(RecursionError):
        json.loads(ask_with(box, "deep").raw)


def test_fault__reset(box):
    with pytest.raises(ConnectionResetError):
        ask_with(box, "reset")
    assert (box.log[-1].outcome, box.log[-1].http_status) == ("reset", None)


def test_fault__hang(box):
    with pytest.raises(TimeoutError):
        ask_with(box, "hang", timeout=0.5)
    assert box.log[-1].outcome == "hang"


def test_fault__truncated_sends_less_than_it_says(box):
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask_with(box, "truncated")
    assert caught.value.expected
    assert box.log[-1].outcome == "truncated"


def test_faults__every_kind_is_tested_above():
    text = Path(__file__).read_text("utf-8")
    assert [kind for kind in FAULT_KINDS if f'"{kind}"' not in text] == []


def drawn(faults, *, tries=20, orders=200):
    injector = FaultInjector()
    return [[injector.pick(faults, f"order {order}") for _ in range(tries)] for order in range(orders)]


def test_chance__keeps_the_share_and_spreads_the_kinds():
    kinds = Counter(kind for order in drawn(Behaviour(fault_share=0.3)) for kind in order)
    good = kinds.pop(None)
    assert good / 4000 == pytest.approx(0.7, abs=0.04)
    assert set(kinds) == set(FAULT_KINDS)
    assert min(kinds.values()) > 0.5 * max(kinds.values())


def test_chance__same_for_a_seed_whatever_the_order_of_asking():
    faults = Behaviour(fault_share=0.5, fault_seed=7)
    forward, backward = FaultInjector(), FaultInjector()
    subjects = [f"order {n}" for n in range(50)]
    first = {subject: forward.pick(faults, subject) for subject in subjects}
    second = {subject: backward.pick(faults, subject) for subject in reversed(subjects)}
    assert first == second
    other = {
        subject: FaultInjector().pick(Behaviour(fault_share=0.5, fault_seed=8), subject)
        for subject in subjects
    }
    assert first != other


def test_chance__faults_in_a_row_are_bounded():
    longest = 0
    for order in drawn(Behaviour(fault_share=0.9, faults_in_a_row=3)):
        runs = "".join("x" if kind else " " for kind in order).split()
        longest = max([longest, *map(len, runs)])
    assert longest == 3
