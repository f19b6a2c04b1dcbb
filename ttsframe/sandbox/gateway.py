"""What the sandbox answers: a request and a time go in, a response comes out; no socket, no clock."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import orjson

from ttsframe.gateway import SIMULATED
from ttsframe.sandbox import operations
from ttsframe.sandbox.access import Tokens, check_request, check_shop
from ttsframe.sandbox.errors import (
    ABOUT_AN_ORDER,
    ABOUT_ORDERS,
    FOR_RATE,
    NoSuchApiError,
    RefusalError,
    ThrottledError,
)
from ttsframe.sandbox.faults import FaultInjector, inject
from ttsframe.sandbox.limit import TokenBucket
from ttsframe.sandbox.request import GET_REFERENCES, HOME, REFRESH, Request, Response, Route, find_route

if TYPE_CHECKING:
    from ttsframe.config import Credentials
    from ttsframe.sandbox.behaviour import Behaviour
    from ttsframe.sandbox.orders import Table

_HTML = "text/html; charset=utf-8"
_HOME_PAGE = b"""<!doctype html><html lang="en"><title>ttsframe sandbox</title>
<h1>ttsframe sandbox</h1>
<p>A simulated TikTok Shop gateway on this machine, for trying and testing. It knows these operations:</p>
<ul><li>GET /order/202406/orders/{order_id}/external_orders
<li>POST /order/202406/orders/external_order_search
<li>POST /order/202309/orders/search
<li>GET /authorization/202309/shops
<li>GET /api/v2/token/refresh</ul>
<p>Requests are signed as for the real gateway, with the credentials that the sandbox printed or that
<code>sandbox.credentials</code> holds.</p></html>
"""
_SHOP = {
    "id": "7000714532876273420",
    "name": "Sandbox shop",
    "region": "US",
    "seller_type": "LOCAL",
    "code": "USLCSANDBOX1",
}


class Gateway:
    """A gateway over a table of orders."""

    def __init__(self, table: Table, credentials: Credentials, behaviour: Behaviour) -> None:
        self.table = table
        self.behaviour = behaviour
        self._credentials = credentials
        self._tokens = Tokens(credentials)
        self._bucket = TokenBucket(behaviour)
        self._faults = FaultInjector()
        self._requests = 0

    def change(self, behaviour: Behaviour) -> None:
        """Go on with other options."""
        self.behaviour = behaviour
        self._bucket.change(behaviour)

    def clock(self, now: float) -> float:
        """Return the gateway's clock, which may be off."""
        return now + self.behaviour.clock_offset_seconds

    def answer(self, request: Request, now: float) -> Response:
        """Answer one request."""
        self._requests += 1
        try:
            route = find_route(request.method, request.path)
        except NoSuchApiError as error:
            return self._refusal(error, Response("unknown", 0, b""), now)
        subject = _subject(route, request)
        try:
            return self._answer(route, request, subject, now)
        except RefusalError as error:
            return self._refusal(error, subject, now)

    def _answer(self, route: Route, request: Request, subject: Response, now: float) -> Response:
        if route.operation is HOME:
            return subject._replace(http_status=200, body=_HOME_PAGE, content_type=_HTML)
        if route.operation is REFRESH:
            rotates = self.behaviour.refresh_rotates
            return self._success(
                subject, self._tokens.refresh(request.query, rotates=rotates, now=self.clock(now))
            )
        self._admit(route, request, now)
        fault = self._faults.pick(
            self.behaviour, f"{subject.operation} {subject.order_id} {subject.platform}"
        )
        try:
            response = self._success(subject, self._data(route, request))
        except RefusalError as error:
            response = self._refusal(error, subject, now)
        if fault:
            return inject(response, fault)
        if response.outcome == "good":
            self._tokens.count_answer()
        return response

    def _admit(self, route: Route, request: Request, now: float) -> None:
        """Refuse whatever may not ask, or not now."""
        behaviour = self.behaviour
        check_request(request, self._credentials, behaviour, now=self.clock(now))
        self._tokens.check(request.headers.get("x-tts-access-token"), behaviour.token_answers)
        code = behaviour.always_code
        if code is not None and (route.operation.needs_shop or code not in ABOUT_ORDERS):
            raise RefusalError(code)
        if route.operation.needs_shop:
            check_shop(request.query, self._credentials)
        if wait_seconds := self._bucket.take(now):
            raise ThrottledError(wait_seconds)

    def _data(self, route: Route, request: Request) -> Any:  # noqa: ANN401
        """Carry the operation out."""
        name = route.operation.name
        if route.operation is GET_REFERENCES:
            return self._references(route.order_id or "", request)
        if name == "shops":
            return {"shops": [{**_SHOP, "cipher": self._credentials.shop_cipher}]}
        if name == "search_by_reference":
            return operations.search_by_reference(self.table, request)
        return operations.search_orders(self.table, request)

    def _references(self, order_id: str, request: Request) -> Any:  # noqa: ANN401
        platform = operations.check_platform(request.query.get("platform"))
        if order_id in self.behaviour.order_codes:
            raise RefusalError(self.behaviour.order_codes[order_id])
        return operations.get_references(self.table, order_id, platform, self.behaviour)

    def _success(self, subject: Response, data: Any) -> Response:  # noqa: ANN401
        content = self._envelope(0, "Success")
        if data is not operations.NO_DATA:
            content["data"] = data
        return subject._replace(http_status=200, code=0, body=orjson.dumps(content))

    def _refusal(self, error: RefusalError, subject: Response, now: float) -> Response:
        """Make an error's envelope; refusals for rate have forms of their own."""
        http_status = 200 if self.behaviour.errors_at_200 else error.http_status
        body = orjson.dumps(self._envelope(error.code, error.message))
        response = subject._replace(
            http_status=http_status, code=error.code, outcome=_outcome(error.code), body=body
        )
        return self._throttled(error, response, now) if isinstance(error, ThrottledError) else response

    def _throttled(self, error: ThrottledError, response: Response, now: float) -> Response:
        response = response._replace(headers=self._retry_after(error.wait_seconds, now))
        if self.behaviour.refusal == "200":
            return response._replace(http_status=200)
        if self.behaviour.refusal == "plain_429":
            return response._replace(
                code=None, http_status=429, body=b"Too Many Requests", content_type="text/plain"
            )
        return response

    def _retry_after(self, wait_seconds: float, now: float) -> tuple[tuple[str, str], ...]:
        whole_seconds = max(1, math.ceil(wait_seconds))
        if self.behaviour.retry_after == "seconds":
            return (("Retry-After", str(whole_seconds)),)
        if self.behaviour.retry_after == "date":
            return (("Retry-After", formatdate(math.ceil(self.clock(now) + wait_seconds), usegmt=True)),)
        return ()

    def _envelope(self, code: int, message: str) -> dict[str, Any]:
        shown = str(code) if self.behaviour.code_form == "text" else code
        return {"code": shown, "message": message, "request_id": f"{SIMULATED}{self._requests:025d}"}


def _outcome(code: int) -> str:
    if code in ABOUT_AN_ORDER:
        return "good"
    return "throttled" if code in FOR_RATE else "error"


def _subject(route: Route, request: Request) -> Response:
    """Start the response with what the log says of the request."""
    platform = request.query.get("platform") if route.operation.needs_shop else None
    return Response(route.operation.name, 0, b"", order_id=route.order_id, platform=platform)
