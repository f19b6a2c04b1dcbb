"""Requests to the gateway: wait, sign, send, retry. Nothing else opens a connection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ttsframe import gateway
from ttsframe.client import retry
from ttsframe.client.authorization import Authorizer, SignedRequest
from ttsframe.client.rate_limiter import RateLimiter, SharedRate
from ttsframe.client.transport import HttpSession, Response, Transport, TransportError
from ttsframe.client.workers import LookupKey, Result, WorkerPool
from ttsframe.errors import TtsframeError
from ttsframe.gateway import ResponseKind
from ttsframe.gateway.signing import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.client.tokens import TokenPair, TokenStore
    from ttsframe.config import Credentials, Settings

__all__ = [
    "CallResult",
    "GatewayClient",
    "HttpSession",
    "LookupKey",
    "RateLimiter",
    "Result",
    "SharedRate",
    "TransportError",
    "WorkerPool",
]


# With the clock corrected, with a refreshed token, and with one that another process refreshed meanwhile.
_MAX_SENDS = 4


class CallResult(NamedTuple):
    """The answer to a single call that is not about an order."""

    kind: ResponseKind
    content: Any
    """The decoded body."""
    date_seconds: float | None
    """The gateway's clock, Unix seconds."""
    refreshed: bool
    """Whether the access token had to be refreshed for it."""
    refusal: TtsframeError | None
    """The error that the answer stands for, unless it is a success; free of secrets."""

    def __repr__(self) -> str:
        return "CallResult(hidden)"

    def raise_for_status(self) -> None:
        """Raise the error that the answer stands for, unless it is a success."""
        if self.refusal:
            raise self.refusal


class _Sent(NamedTuple):
    """A request and its response."""

    signed: SignedRequest
    response: Response
    content: Any
    answer: gateway.DecodedResponse

    def __repr__(self) -> str:
        return "_Sent(hidden)"


class GatewayClient:
    """The connections and credentials of one shop, in one process."""

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        *,
        rate_limiter: RateLimiter,
        tokens: TokenStore | None = None,
        pair: TokenPair | None = None,
        session: HttpSession | None = None,
    ) -> None:
        self.settings = settings
        self.rate_limiter = rate_limiter
        self.process_id = os.getpid()
        self._session = session
        self.transport = self._transport(settings.base_url, settings.workers)
        self.authorizer = Authorizer(
            credentials,
            auth_transport=lambda: self._transport(settings.auth_url, 1),
            tokens=tokens,
            pair=pair,
        )

    def fetch_many(self, keys: Sequence[LookupKey]) -> WorkerPool:
        """Fetch the keys: iterate over the pool, and close it."""
        self.authorizer.reset()
        return WorkerPool(
            keys,
            transport=self.transport,
            authorizer=self.authorizer,
            rate_limiter=self.rate_limiter,
            settings=self.settings,
        )

    def request(self, request: gateway.Request) -> CallResult:
        """Make one call outside a run, correcting the clock and refreshing the token as a run does."""
        self.authorizer.reset()
        access_tokens, error = set(), None
        for _ in range(_MAX_SENDS):
            sent = self._send(request)
            access_tokens.add(sent.signed.access_token)
            kind = sent.answer.kind
            if kind in (ResponseKind.ANSWERED, ResponseKind.ROW):
                self.authorizer.confirm(sent.signed)
            try:
                if not self.authorizer.recover(kind, sent.signed, sent.response.date_seconds):
                    break
            except TtsframeError as failed:
                # Its own traceback leads to frames that hold the token.
                error = failed.with_traceback(None)
                break
        if kind in retry.NO_ANSWER:
            raise retry.error_for(sent.answer)
        refusal = None if kind is ResponseKind.ANSWERED else error or retry.error_for(sent.answer)
        return CallResult(kind, sent.content, sent.response.date_seconds, len(access_tokens) > 1, refusal)

    def _send(self, request: gateway.Request) -> _Sent:
        for drops_left in reversed(range(retry.FREE_RECONNECTS + 1)):
            signed = self.authorizer.sign(request)
            try:
                response = self.transport.send(request.method, signed.target, signed.headers, request.body)
            except TransportError as error:
                why = str(error)
                if error.dropped and drops_left:
                    continue
                break
            content = gateway.decode_json(response.body)
            # The message without secrets; the content keeps its own: the ciphers of shops.
            kind, outcome = gateway.classify(response.http_status, content)
            message = redact(outcome.error_message or "", (signed.signature, *self.authorizer.secrets))
            answer = gateway.DecodedResponse(kind, outcome._replace(error_message=message))
            return _Sent(signed, response, content, answer)
        # Outside the handler, so that no context leads to the address.
        raise retry.unreachable(self.settings.host, why)

    def close(self) -> None:
        """Close connections that are not in use."""
        self.transport.close()

    def _transport(self, base_url: str, max_connections: int) -> Transport:
        return Transport(
            base_url,
            timeout_seconds=self.settings.timeout,
            max_connections=max_connections,
            session=self._session,
        )
