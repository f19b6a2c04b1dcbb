"""The limit of the sandbox, with the clock in the test's hand."""

from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sandbox_client import NOW, SHOPS, PureClient

from ttsframe.errors import InputError
from ttsframe.sandbox import Behaviour, Generated
from ttsframe.sandbox.limit import TokenBucket

ORDERS = Generated(count=5, linked_share=1, denied_share=0)


def admitted(bucket, start, seconds, *, asked_per_second):
    times = [start + n / asked_per_second for n in range(int(seconds * asked_per_second))]
    return sum(bucket.take(now) == 0 for now in times)


def test_bucket__no_limit_by_default():
    assert admitted(TokenBucket(Behaviour()), NOW, 1, asked_per_second=10_000) == 10_000


@pytest.mark.parametrize("rate", [5, 20, 200])
def test_bucket__admits_its_rate_and_a_small_burst(rate):
    limit = Behaviour(rate_per_second=rate)
    assert admitted(TokenBucket(limit), NOW, 10, asked_per_second=1000) in range(
        10 * rate, 10 * rate + rate // 10 + 4
    )


def test_bucket__idle_time_earns_no_more_than_the_burst():
    bucket = TokenBucket(Behaviour(rate_per_second=10, burst=3))
    assert [bucket.take(NOW) == 0 for _ in range(5)] == [True, True, True, False, False]
    assert [bucket.take(NOW + 3600) == 0 for _ in range(5)] == [True, True, True, False, False]


def test_bucket__tells_when_the_next_is_admitted():
    bucket = TokenBucket(Behaviour(rate_per_second=4, burst=1))
    assert bucket.take(NOW) == 0
    assert bucket.take(NOW) == pytest.approx(0.25)
    assert bucket.take(NOW + 0.2) == pytest.approx(0.05)
    assert bucket.take(NOW + 0.26) == 0


def test_bucket__schedule_counts_from_the_first_request():
    bucket = TokenBucket(Behaviour(rate_per_second=50, rate_schedule=((2, 20), (4, 80))))
    counts = [admitted(bucket, NOW + start, 2, asked_per_second=1000) for start in (0, 2, 4)]
    assert counts == [pytest.approx(100, abs=7), pytest.approx(40, abs=7), pytest.approx(160, abs=9)]


@settings(max_examples=50)
@given(
    rate=st.floats(1, 500),
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
)
def test_bucket__never_admits_more_than_burst_and_rate(rate, gaps):
    bucket, now, passed = TokenBucket(Behaviour(rate_per_second=rate, burst=2)), NOW, 0
    for gap in gaps:
        now += gap
        passed += bucket.take(now) == 0
    assert passed <= 2 + (now - NOW) * rate + 1e-3


@pytest.mark.parametrize(
    ("options", "status", "body"),
    [
        ({}, 429, b"36009002"),
        ({"refusal": "200"}, 200, b"36009002"),
        ({"refusal": "plain_429"}, 429, b"Too Many Requests"),
    ],
)
def test_refusal__forms(options, status, body):
    client = PureClient(ORDERS, rate_per_second=1, burst=1, **options)
    first, second = client.ask(SHOPS), client.ask(SHOPS)
    assert first.code == 0
    assert second.status == status
    assert body in second.raw
    assert "Retry-After" not in second.headers
    assert [response.outcome for response in client.responses] == ["good", "throttled"]


def test_refusal__retry_after_in_both_forms():
    for form in ("seconds", "date"):
        client = PureClient(ORDERS, rate_per_second=0.2, burst=1, retry_after=form)
        client.ask(SHOPS)
        told = client.ask(SHOPS).headers["Retry-After"]
        wait = int(told) if form == "seconds" else parsedate_to_datetime(told).timestamp() - NOW
        assert wait == 5


def test_refusal__only_for_requests_that_are_rightly_signed():
    client = PureClient(ORDERS, rate_per_second=1, burst=1)
    assert [client.ask(SHOPS, sign="0").code for _ in range(3)] == [106001] * 3
    assert client.ask(SHOPS).code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": "other"}, "official, reference"),
        ({"fault_share": 1.5}, "from 0 to 1"),
        ({"fault_kinds": ("flood",)}, "one of reset"),
        ({"fault_share": 0.5, "fault_kinds": ()}, "at least one"),
        ({"rate_per_second": 0}, "above 0"),
        ({"rate_schedule": ((1, -1),)}, "above 0"),
        ({"latency_seconds": -1}, "below 0"),
        ({"burst": 0.5}, "at least 1"),
    ],
)
def test_behaviour__refuses_what_an_option_cannot_hold(options, words):
    with pytest.raises(InputError, match=words):
        Behaviour(**options)


def test_behaviour__unknown_option_names_the_nearest():
    with pytest.raises(InputError, match="Did you mean rate_per_second"):
        Behaviour().replace({"rate_per_secnd": 5})
