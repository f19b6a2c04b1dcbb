"""The network's door: wait, stamp, sign, send, retry. Nothing else opens a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ttsframe import tiktok
from ttsframe.session import tries
from ttsframe.session.access import Access
from ttsframe.session.crew import Crew, Finished, Question
from ttsframe.session.pacer import Pacer
from ttsframe.session.wire import Wire, WireTrouble
from ttsframe.signing import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.config import Credentials, Settings
    from ttsframe.tokens import Tokens

__all__ = ["Called", "Crew", "Finished", "Pacer", "Question", "Session", "WireTrouble"]


class Called(NamedTuple):
    """The answer to a single call that is not about an order."""

    http_status: int
    code: str | None
    message: str
    content: Any
    """The decoded body."""
    date_seconds: float | None
    """The gateway's clock, Unix seconds."""


class Session:
    """A door to one gateway, for one set of credentials.

    Parameters
    ----------
    settings
        Addresses, tries and time-outs.
    credentials
        What requests are signed with.
    pacer
        The pace, shared with every other session of this shop.
    tokens
        Where renewed tokens are kept; None keeps them in memory only.
    """

    def __init__(
        self, settings: Settings, credentials: Credentials, *, pacer: Pacer, tokens: Tokens | None = None
    ) -> None:
        self.settings = settings
        self.pacer = pacer
        self.wire = self._wire(settings.base_url, settings.workers)
        self.access = Access(credentials, auth_wire=lambda: self._wire(settings.auth_url, 1), tokens=tokens)

    def ask(self, questions: Sequence[Question]) -> Crew:
        """Ask questions: iterate over what this returns, and close it."""
        self.access.begin()
        return Crew(self, questions)

    def call(self, request: tiktok.Request) -> Called:
        """Make one call, without tries: for `shops` and `doctor`.

        Parameters
        ----------
        request
            What to call.

        Returns
        -------
        Called
            Code, message (free of secrets) and body.

        Raises
        ------
        OutageError
            If no reply came.
        """
        signed = self.access.sign(request)
        why = ""
        try:
            reply = self.wire.send(request.method, signed.target, signed.headers, request.body)
        except WireTrouble as trouble:
            why = str(trouble)
        if why:
            # Outside the handler, so that no context leads to the address.
            raise tries.unreachable(self.settings.host, why)
        content = tiktok.payload(reply.body)
        code, message, _ = tiktok.envelope(content)
        return Called(
            reply.http_status,
            code,
            redact(message, (signed.signature, *self.access.secrets)),
            content,
            reply.date_seconds,
        )

    def close(self) -> None:
        """Close connections that are not in use."""
        self.wire.close()

    def _wire(self, base_url: str, most_connections: int) -> Wire:
        return Wire(base_url, timeout_seconds=self.settings.timeout, most_connections=most_connections)
