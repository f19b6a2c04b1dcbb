"""What follows from a reply: how long to wait, when a run ends, and what the error says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe.client import retry
from ttsframe.client.retry import Attempt, CircuitBreaker, FailFast, backoff_seconds
from ttsframe.errors import AccessError, ContractError, OutageError, SettingsError, TtsframeError
from ttsframe.gateway import READ_SCOPE, DecodedResponse, ResponseKind
from ttsframe.gateway.outcomes import Outcome

# Backoff


@pytest.mark.parametrize(
    ("failed", "least_seconds"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (5000, 60)],
)
def test_backoff__doubles_up_to_a_minute(failed, least_seconds):
    assert backoff_seconds(failed, jitter=0.0) == least_seconds
    assert backoff_seconds(failed, jitter=1.0) == min(60.0, least_seconds + 0.5)


@given(st.integers(1, 10_000))
def test_backoff__random_jitter_stays_within_half_a_second(failed):
    least = backoff_seconds(failed, jitter=0.0)
    assert least <= backoff_seconds(failed) <= min(60.0, least + 0.5)


def test_backoff__two_orders_do_not_come_back_together():
    assert len({backoff_seconds(1) for _ in range(20)}) > 1


# CircuitBreaker


def test_outage__counts_from_the_beginning():
    outage = CircuitBreaker(60.0, now=100.0)
    assert outage.seconds_left(100.0) == 60.0
    assert outage.seconds_left(159.0) == 1.0
    assert outage.seconds_left(161.0) < 0


def test_outage__a_good_answer_begins_it_anew():
    outage = CircuitBreaker(60.0, now=100.0)
    outage.record_success(150.0, Attempt(0))
    assert outage.seconds_left(200.0) == 10.0


def test_outage__an_answer_that_is_told_late_does_not_shorten_it():
    outage = CircuitBreaker(60.0, now=100.0)
    outage.record_success(150.0, Attempt(0))
    outage.record_success(140.0, Attempt(0))
    assert outage.seconds_left(150.0) == 60.0


def test_outage__a_wait_that_the_gateway_asked_for_is_none():
    outage = CircuitBreaker(60.0, now=100.0)
    outage.defer(220.0)
    assert outage.seconds_left(220.0) == 60.0


def test_outage__bad_replies_do_not_prolong_it():
    outage = CircuitBreaker(60.0, now=100.0)
    for _ in range(50):
        outage.record_failure("HTTP status 500", Attempt(0))
    assert outage.seconds_left(100.0) == 60.0


def test_outage__is_suspected_when_bad_replies_pile_up_and_not_before():
    outage = CircuitBreaker(60.0, now=0.0)
    suspected = []
    for _ in range(25):
        outage.record_failure("no answer within 20 s", Attempt(0))
        suspected.append(outage.suspected)
    assert suspected == [False] * 19 + [True] * 6
    outage.record_success(1.0, Attempt(0))
    assert not outage.suspected


def test_outage__some_bad_among_good_is_none():
    outage = CircuitBreaker(60.0, now=0.0)
    for second in range(100):
        outage.record_failure("HTTP status 500", Attempt(0))
        outage.record_success(float(second), Attempt(0))
        assert not outage.suspected


def sent(place, at):
    attempt = Attempt(place)
    attempt.send(at)
    return attempt


def test_outage__orders_that_fail_while_later_ones_are_answered_are_no_sign_of_it():
    outage = CircuitBreaker(60.0, now=0.0)
    failing = [sent(place, 1.0) for place in range(30)]
    outage.record_success(2.0, sent(99, 1.5))
    for attempt in failing:
        outage.record_sent(attempt)
        attempt.send(3.0)
        outage.record_failure("HTTP status 500", attempt)
    assert not outage.suspected
    # They alone are left, so nobody waits for a good answer; with another one, somebody does.
    assert not outage.is_over(100.0, unfinished=30)
    assert outage.is_over(100.0, unfinished=31)
    outage.forget(failing[0])
    assert outage.is_over(100.0, unfinished=30)
    assert not outage.is_over(100.0, unfinished=29)


def test_outage__an_answer_to_what_was_sent_before_shows_nothing_of_an_order():
    outage = CircuitBreaker(60.0, now=0.0)
    failing = [sent(place, 1.0) for place in range(20)]
    outage.record_success(2.0, sent(99, 0.5))
    for attempt in failing:
        outage.record_sent(attempt)
        outage.record_failure("HTTP status 500", attempt)
    assert outage.suspected
    failing[-1].spare()
    assert outage.is_over(62.0, unfinished=20)


def test_outage__is_not_told_from_the_last_order_alone():
    outage = CircuitBreaker(60.0, now=0.0)
    outage.record_sent(sent(0, 3.0))
    assert outage.is_over(60.0, unfinished=1), "nothing was ever answered"
    outage.record_success(2.0, sent(99, 0.5))
    assert not outage.is_over(100.0, unfinished=1)
    assert outage.is_over(100.0, unfinished=2)


def test_outage__an_order_that_waits_while_others_are_answered_is_no_sign_of_it():
    outage = CircuitBreaker(60.0, now=0.0)
    waiting = sent(0, 1.9)
    outage.record_sent(waiting)
    outage.record_success(2.0, sent(99, 1.0))
    assert not outage.is_over(100.0, unfinished=1)
    outage.record_throttle("Too many requests", waiting)
    assert outage.is_over(100.0, unfinished=1)


def test_outage__what_it_spoilt_is_not_held_against_an_order():
    outage = CircuitBreaker(60.0, now=0.0)
    attempts = [sent(place, 1.0) for place in range(40)]
    for attempt in attempts:
        attempt.spare()
    outage.record_success(30.0, sent(99, 29.0))
    for attempt in attempts:
        attempt.send(31.0)
        outage.record_failure("HTTP status 500", attempt)
    assert outage.suspected


@pytest.mark.parametrize(
    ("answered", "failed", "expected"), [(False, 2, False), (False, 3, True), (True, 9, False)]
)
def test_outage__a_host_that_never_answered_is_unreachable_after_three_tries(answered, failed, expected):
    outage = CircuitBreaker(60.0, now=0.0)
    if answered:
        outage.record_success(0.0, Attempt(0))
    assert outage.unreachable(Attempt(0, tries=failed)) is expected


def test_outage__the_error_says_how_long_what_came_last_and_how_to_go_on():
    outage = CircuitBreaker(90.0, now=0.0)
    outage.record_failure("HTTP status 502", Attempt(0))
    error = outage.error()
    assert isinstance(error, OutageError)
    assert all(part in str(error) for part in ("90 s", "HTTP status 502", "kept", "same command"))


def test_unreachable__names_the_host_and_what_to_check():
    error = retry.unreachable("gateway.example", "the host name is not known")
    assert isinstance(error, OutageError)
    assert all(part in str(error) for part in ("gateway.example", "not known", "TTSFRAME_BASE_URL"))


# The same trouble for all


SHARED = [
    "Invalid shop_cipher",
    "Invalid parameter. The `shop_cipher` is invalid. For more details: https://partner.tiktokshop.com/x",
    "Invalid shop_id",
    "The Shop does not exist",
    "no such cipher",
    "app_key is wrong",
    "bad App Key",
]
OF_AN_ORDER = [
    "Invalid order_id",
    "Invalid order_id. For more details: https://partner.tiktok-shop.com/shop?app_key",
    "platform SHOPIFY is not one of TikTok Shop",
    "see partner.tiktokshop.com",
    "",
    None,
]


@pytest.mark.parametrize("message", SHARED)
def test_fail_fast__that_names_shop_or_app_ends_the_run_after_ten(message):
    trouble = FailFast(1000)
    errors = [trouble.record("bad_parameter", message) for _ in range(10)]
    assert errors[:9] == [None] * 9
    assert isinstance(errors[9], SettingsError)
    assert message in str(errors[9])
    assert "TIKTOK_SHOP_CIPHER" in str(errors[9])


@pytest.mark.parametrize("message", OF_AN_ORDER)
def test_fail_fast__of_another_parameter_ends_the_run_after_a_hundred_at_the_start(message):
    trouble = FailFast(1000)
    errors = [trouble.record("bad_parameter", message) for _ in range(100)]
    assert errors[:99] == [None] * 99
    assert isinstance(errors[99], SettingsError)
    assert str(message) in str(errors[99])
    assert "order ids" in str(errors[99])


def test_fail_fast__that_names_the_shop_only_now_and_then_is_not_all_of_the_shop():
    trouble = FailFast(1000)
    assert trouble.record("bad_parameter", "Invalid order_id") is None
    assert [trouble.record("bad_parameter", "Invalid shop_cipher") for _ in range(98)] == [None] * 98
    assert isinstance(trouble.record("bad_parameter", "Invalid shop_cipher"), SettingsError)


@pytest.mark.parametrize("message", ["Invalid shop_cipher", "Invalid order_id"])
@pytest.mark.parametrize("questions", [2, 3, 9])
def test_fail_fast__in_a_small_run_every_order_is_enough(questions, message):
    trouble = FailFast(questions)
    errors = [trouble.record("bad_parameter", message) for _ in range(questions)]
    assert errors[:-1] == [None] * (questions - 1)
    assert isinstance(errors[-1], TtsframeError)


def test_fail_fast__under_a_hundred_orders_all_of_them_are_needed():
    trouble = FailFast(60)
    errors = [trouble.record("bad_parameter", "Invalid order_id") for _ in range(60)]
    assert errors[:-1] == [None] * 59
    assert isinstance(errors[-1], TtsframeError)


@pytest.mark.parametrize("message", ["Invalid shop_cipher", "Invalid order_id"])
def test_fail_fast__one_order_alone_has_its_own(message):
    assert FailFast(1).record("bad_parameter", message) is None


@pytest.mark.parametrize("message", ["Invalid shop_cipher", "Invalid order_id"])
@pytest.mark.parametrize("reason", [None, "not_this_shop", "refused_id", "unknown_code"])
def test_fail_fast__one_other_end_shows_that_it_is_an_orders_own(reason, message):
    trouble = FailFast(1000)
    assert [trouble.record("bad_parameter", message) for _ in range(5)] == [None] * 5
    assert trouble.record(reason, None) is None
    assert [trouble.record("bad_parameter", message) for _ in range(150)] == [None] * 150


# Fatal answers

REMEDIES = [
    (ResponseKind.TOKEN, AccessError, ["TIKTOK_APP_ACCESS_KEY", "TIKTOK_APP_REFRESH_KEY"]),
    (ResponseKind.SIGNATURE, AccessError, ["TIKTOK_APP_SECRET"]),
    (ResponseKind.APP_KEY, AccessError, ["TIKTOK_APP_KEY"]),
    (
        ResponseKind.PERMISSION,
        AccessError,
        [READ_SCOPE, "authorize the app again", "IP address", "not active"],
    ),
    (ResponseKind.SHOP, SettingsError, ["TIKTOK_SHOP_CIPHER", "ttsframe shops"]),
    (ResponseKind.CLOCK, SettingsError, ["date, time and time zone"]),
    (ResponseKind.CONTRACT, ContractError, ["report", "TTSFRAME_BASE_URL"]),
]


@pytest.mark.parametrize(("kind", "error", "parts"), REMEDIES)
def test_fatal__says_what_to_do_and_what_the_gateway_said(kind, error, parts):
    outcome = Outcome("failed", error_code="105005", error_message="Authorizer denied")
    made = retry.error_for(DecodedResponse(kind, outcome))
    assert type(made) is error
    assert made.exit_code == 2
    assert all(part in str(made) for part in [*parts, "105005 Authorizer denied"])


def test_fatal__every_verdict_ends_the_run_or_an_order():
    goes_on = {
        ResponseKind.ANSWERED,
        ResponseKind.ROW,
        ResponseKind.THROTTLED,
        ResponseKind.SERVER,
        ResponseKind.BAD_ANSWER,
    }
    assert goes_on | set(retry.REMEDIES) == set(ResponseKind)
    assert not goes_on & set(retry.REMEDIES)
    assert [kind for kind, *_ in REMEDIES] == list(retry.REMEDIES)


def test_permission__names_the_scope_of_reading():
    assert READ_SCOPE == "seller.order.ext_ref.read"
