"""Bodies that can be read or not, what an HTTP status says, and each line of the gateway's error table."""

from __future__ import annotations

import json
import re

import pytest
from support.gateway_answers import REQUEST_ID, official, read

from ttsframe import gateway as api
from ttsframe.gateway import ResponseKind

TAIL = " For more details: https://partner.tiktokshop.com/docv2/page/signature?access_token=timestamp"

# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"<html><body>502</body></html>",
        b'{"code": 0, "data": {"external_ord',
        b"\xff\xfe\x00",
        b'{"code": NaN}',
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"code": 0, "x": "' + b"x" * api.MAX_BYTES + b'"}',
    ],
    ids=[
        "empty",
        "text",
        "html",
        "cut short",
        "no UTF-8",
        "NaN",
        "deep list",
        "deep object",
        "over 1 MiB",
    ],
)
def test_decode_json__what_cannot_be_read_is_none_and_a_bad_answer(body):
    content = api.decode_json(body)
    assert content is None
    answer = read(200, content)
    assert answer.kind is ResponseKind.BAD_ANSWER
    assert (answer.outcome.status, answer.outcome.reason) == ("failed", "bad_answer")


def test_decode_json__an_answer_of_just_one_mib_is_read():
    start, end = b'{"code": 0, "x": "', b'"}'
    body = start + b"x" * (api.MAX_BYTES - len(start) - len(end)) + end
    assert api.decode_json(body)["code"] == 0


@pytest.mark.parametrize(
    "content",
    [None, [], "0", 0, True, {}, {"data": {}}, {"code": None}, {"code": True}, {"code": ""}, {"code": [0]}],
)
def test_decode_references__without_a_code_is_a_bad_answer(content):
    assert read(200, content).kind is ResponseKind.BAD_ANSWER
    assert read(404, content).kind is ResponseKind.BAD_ANSWER


@pytest.mark.parametrize(
    ("http_status", "kind", "reason"),
    [
        (429, ResponseKind.THROTTLED, "throttled"),
        (500, ResponseKind.SERVER, "server_error"),
        (502, ResponseKind.SERVER, "server_error"),
        (503, ResponseKind.SERVER, "server_error"),
        (301, ResponseKind.BAD_ANSWER, "bad_answer"),
        (302, ResponseKind.BAD_ANSWER, "bad_answer"),
        (400, ResponseKind.BAD_ANSWER, "bad_answer"),
        (200, ResponseKind.BAD_ANSWER, "bad_answer"),
    ],
)
def test_decode_references__http_status_tells_where_the_body_does_not(http_status, kind, reason):
    answer = read(http_status, None)
    assert (answer.kind, answer.outcome.reason) == (kind, reason)
    assert answer.outcome.http_status == http_status


def test_decode_json__reads_bytes_and_text_alike():
    content = official({"id": "5312", "platform": "SHOPIFY"})
    body = json.dumps(content)
    assert api.decode_json(body) == api.decode_json(body.encode()) == content


@pytest.mark.parametrize("controls", ["\x1b[31m", "\x1b]0;title\x07", "\r\n", "\x00", "\x9b2J", "\u2028"])
def test_classify__control_characters_of_the_gateway_are_no_part_of_its_words(controls):
    content = {"code": f"99{controls}", "message": f"no{controls}way", "request_id": f"r{controls}1"}
    outcome = api.classify(200, content).outcome
    assert outcome.status == "failed"
    texts = (outcome.error_code, outcome.error_message, outcome.request_id)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", "".join(texts))
    assert texts[0].startswith("99")
    assert texts[1].startswith("no ")
    assert texts[1].endswith("way")


# The error table

INVALID = "Invalid parameter"
TABLE = [
    *[(code, "x", ResponseKind.THROTTLED, "failed", "throttled") for code in (36009002, 36009037)],
    *[
        (code, "Internal error", ResponseKind.SERVER, "failed", "server_error")
        for code in (36009003, 36009007, 10002014, 10002015, 10006402, 10037002, 10037003, 10037004)
    ],
    (36009004, "Invalid signature", ResponseKind.SIGNATURE, "failed", None),
    (36009004, "signature is invalid", ResponseKind.SIGNATURE, "failed", None),
    (36009004, "Missing credentials", ResponseKind.SIGNATURE, "failed", None),
    (36009004, "Invalid timestamp", ResponseKind.CLOCK, "failed", None),
    (36009004, "Invalid 'timestamp', it has expired", ResponseKind.CLOCK, "failed", None),
    (36009004, "Invalid `access_token`", ResponseKind.TOKEN, "failed", None),
    (36009004, 'Missing "x-tts-access-token" in the header', ResponseKind.TOKEN, "failed", None),
    (36009004, "Invalid app_key", ResponseKind.APP_KEY, "failed", None),
    (36009004, "Invalid shop_cipher", ResponseKind.ROW, "failed", "bad_parameter"),
    (36009004, "Invalid shop_id", ResponseKind.ROW, "failed", "bad_parameter"),
    (36009004, "Invalid platform", ResponseKind.ROW, "failed", "bad_parameter"),
    (36009004, "", ResponseKind.ROW, "failed", "bad_parameter"),
    *[
        (code, "x", ResponseKind.TOKEN, "failed", None)
        for code in (105002, 101000, 36004004, 36004001, 36004005)
    ],
    *[
        (code, "x", ResponseKind.PERMISSION, "failed", None)
        for code in (105005, 36009033, 36009043, 36009044)
    ],
    (106001, "Invalid sign", ResponseKind.SIGNATURE, "failed", None),
    (106013, "shop_cipher is missing", ResponseKind.SHOP, "failed", None),
    (21008111, "x", ResponseKind.ROW, "denied", "not_this_shop"),
    (36020001, "x", ResponseKind.ROW, "invalid", "refused_id"),
    *[
        (code, "x", ResponseKind.CONTRACT, "failed", None)
        for code in (36009009, 36009010, 36009014, 36009022, 36009023)
    ],
    (99999999, "what nobody knows", ResponseKind.ROW, "failed", "unknown_code"),
    (-1, "x", ResponseKind.ROW, "failed", "unknown_code"),
    ("E_UNKNOWN", "x", ResponseKind.ROW, "failed", "unknown_code"),
]
DECORATIONS = {
    "plain": lambda message: message,
    "quoted": lambda message: message.replace("shop_", "'shop'_").replace("app_key", '"app_key"'),
    "backticked": lambda message: " ".join(f"`{word}`" for word in message.split()),
    "in capitals": str.upper,
    "with the tail": lambda message: message + "." + TAIL,
}


@pytest.mark.parametrize("decoration", DECORATIONS.values(), ids=DECORATIONS)
@pytest.mark.parametrize(
    "as_code", [str, lambda code: code, lambda code: f" {code} "], ids=["text", "given", "blanks"]
)
@pytest.mark.parametrize(("code", "message", "kind", "status", "reason"), TABLE)
def test_error_table__each_line(code, message, kind, status, reason, as_code, decoration):
    said = decoration(message)
    content = {"code": as_code(code), "message": said, "request_id": REQUEST_ID, "data": None}
    answer = read(200, content)
    assert answer.kind is kind
    assert answer.outcome.status == status
    if reason is not None:
        assert answer.outcome.reason == reason
    assert (answer.outcome.error_code, answer.outcome.error_message) == (str(code), said)
    assert (answer.outcome.http_status, answer.outcome.request_id) == (200, REQUEST_ID)
    assert answer.outcome.references == ()


@pytest.mark.parametrize("http_status", [200, 400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize(("code", "message", "kind", "status", "reason"), TABLE)
def test_error_table__code_goes_before_http_status(code, message, kind, status, reason, http_status):
    answer = read(http_status, {"code": code, "message": message})
    # Only where the code says nothing the status does.
    assert answer.kind is (ResponseKind.THROTTLED if (http_status, reason) == (429, "unknown_code") else kind)
    assert answer.outcome.http_status == http_status


@pytest.mark.parametrize(
    "content",
    [
        {"code": 99999999},
        {"code": 99999999, "message": None},
        {"code": 99999999, "message": 5, "request_id": 7, "data": [1]},
        {"code": 36009004, "message": {"a": 1}},
    ],
)
def test_error_table__odd_messages_do_no_harm(content):
    assert read(200, content).kind is ResponseKind.ROW


@pytest.mark.parametrize("data", [{"external_orders": [{"id": "5312", "platform": "SHOPIFY"}]}, None])
def test_error_table__references_beside_an_error_are_not_believed(data):
    assert read(200, {"code": 21008111, "message": "x", "data": data}).outcome.references == ()


def test_classify__an_unknown_code_with_status_429_is_a_refusal_for_rate():
    body = {"code": 99999999, "message": "slow down", "request_id": "r"}
    kind, outcome = read(429, body)
    assert (kind, outcome.reason, outcome.error_code) == (ResponseKind.THROTTLED, "throttled", "99999999")
    assert read(500, body).kind is ResponseKind.ROW
    assert read(429, body | {"code": 36004004}).kind is ResponseKind.TOKEN
