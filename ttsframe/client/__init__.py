"""The network's door: wait, stamp, sign, send, retry. Nothing else opens a connection."""

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


# A clock that is followed, a token that is renewed, and one that another process renewed meanwhile.
_MOST_SENDS = 4


class CallResult(NamedTuple):
    """The answer to a single call that is not about an order."""

    kind: ResponseKind
    content: Any
    """The decoded body."""
    date_seconds: float | None
    """The gateway's clock, Unix seconds."""
    renewed: bool
    """Whether the access token had to be renewed for it."""
    refusal: TtsframeError | None
    """What the answer stands for, where it is no success; free of secrets."""

    def __repr__(self) -> str:
        return "CallResult(hidden)"

    def raise_for_status(self) -> None:
        """Raise what the answer stands for, if it is no success."""
        if self.refusal:
            raise self.refusal


class _Sent(NamedTuple):
    """A request and what came of it."""

    signed: SignedRequest
    reply: Response
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
        """Make one call, mending clock and token as a run does: for `shops` and `doctor`.

        Parameters
        ----------
        request
            What to call.

        Returns
        -------
        CallResult
            What came of it; a refusal of the credentials is told there, since the reply tells more.

        Raises
        ------
        OutageError
            If no good reply came: the same call may succeed later.
        """
        self.authorizer.reset()
        tokens, trouble = set(), None
        for _ in range(_MOST_SENDS):
            sent = self._send(request)
            tokens.add(sent.signed.access_token)
            try:
                if not self._recovered(sent):
                    break
            except TtsframeError as error:
                # Its own traceback leads to frames that hold the token.
                trouble = error.with_traceback(None)
                break
        verdict = sent.answer.kind
        if verdict in retry.NO_ANSWER:
            raise retry.error_for(sent.answer)
        refusal = None if verdict is ResponseKind.ANSWERED else trouble or retry.error_for(sent.answer)
        return CallResult(verdict, sent.content, sent.reply.date_seconds, len(tokens) > 1, refusal)

    def _send(self, request: gateway.Request) -> _Sent:
        for drops_left in reversed(range(retry.FREE_RECONNECTS + 1)):
            signed = self.authorizer.sign(request)
            try:
                reply = self.transport.send(request.method, signed.target, signed.headers, request.body)
            except TransportError as trouble:
                why = str(trouble)
                if trouble.dropped and drops_left:
                    continue
                break
            content = gateway.decode_json(reply.body)
            return _Sent(signed, reply, content, self._judge(signed, reply, content))
        # Outside the handler, so that no context leads to the address.
        raise retry.unreachable(self.settings.host, why)

    def _judge(self, signed: SignedRequest, reply: Response, content: Any) -> gateway.DecodedResponse:  # noqa: ANN401
        """What the answer means, without secrets; the content keeps its own: the ciphers of shops."""
        verdict, outcome = gateway.classify(reply.http_status, content)
        message = redact(outcome.error_message or "", (signed.signature, *self.authorizer.secrets))
        return gateway.DecodedResponse(verdict, outcome._replace(error_message=message))

    def _recovered(self, sent: _Sent) -> bool:
        if sent.answer.kind in (ResponseKind.ANSWERED, ResponseKind.ROW):
            self.authorizer.confirm(sent.signed)
        return self.authorizer.recover(sent.answer.kind, sent.signed, sent.reply.date_seconds)

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
