"""The credentials in use: stamp and sign, follow the gateway's clock, renew the token once.

Shared by all workers of a run. A request remembers what it was signed with, so that many
refusals of one stale token lead to one renewal.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from ttsframe import tiktok
from ttsframe.errors import AccessError
from ttsframe.session.wire import WireTrouble
from ttsframe.signing import redact, sign
from ttsframe.tokens import Pair, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttsframe.config import Credentials
    from ttsframe.session.wire import Wire

# A correction smaller than the header's whole seconds and the trip is no correction.
_LEAST_CLOCK_ERROR_SECONDS = 2.0


class Signed(NamedTuple):
    """A request ready to be sent, and what it was made with."""

    target: str
    headers: dict[str, str]
    access_token: str
    clock_offset_seconds: float


class Access:
    """Signs requests with the credentials as they are now.

    Parameters
    ----------
    credentials
        As the user gave them; a pair that was renewed from them in an earlier run is used.
    auth_wire
        Makes the connection over which tokens are renewed.
    tokens
        Where renewed pairs are kept; None keeps them in memory only.
    """

    def __init__(
        self, credentials: Credentials, *, auth_wire: Callable[[], Wire], tokens: Tokens | None = None
    ) -> None:
        self._credentials = credentials
        self._auth_wire = auth_wire
        self._tokens = tokens
        self._lock = threading.Lock()
        self._clock_offset_seconds = 0.0
        self._clock_corrected = False
        self._good_since_renewal = True
        kept = tokens.read(credentials) if tokens else None
        self._pair = kept or Pair(credentials.access_token, credentials.refresh_token)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in use, for the redactor."""
        return tuple(filter(None, (*self._credentials.secrets, *self._pair)))

    @property
    def clock_offset_seconds(self) -> float:
        """How far the gateway's clock is ahead of this machine's, once that was corrected."""
        return self._clock_offset_seconds

    def sign(self, request: tiktok.Request) -> Signed:
        """Stamp and sign a request, for this moment."""
        token, offset = self._pair.access_token, self._clock_offset_seconds
        query = {
            **request.query,
            "app_key": self._credentials.app_key,
            "timestamp": str(int(time.time() + offset)),
        }
        if request.needs_shop:
            query["shop_cipher"] = self._credentials.shop_cipher
        query["sign"] = sign(self._credentials.app_secret, request.path, query, request.body)
        headers = {
            "x-tts-access-token": token,
            "content-type": "application/json",
            "User-Agent": "ttsframe",
            "Accept-Encoding": "gzip, deflate",
        }
        return Signed(f"{request.path}?{urlencode(query, quote_via=quote_plus)}", headers, token, offset)

    def without_secrets(self, body: bytes) -> bytes:
        """Mask secrets that a gateway repeats in its answer, before anything reads or stores it."""
        if any(secret.encode() in body for secret in self.secrets):
            return redact(body.decode(errors="replace"), self.secrets).encode()
        return body

    def worked(self) -> None:
        """Note that the gateway has accepted the token."""
        self._good_since_renewal = True

    def correct_clock(self, signed: Signed, date_seconds: float | None) -> bool:
        """Follow the gateway's clock, once.

        Parameters
        ----------
        signed
            The request whose stamp was refused.
        date_seconds
            The gateway's time; None if it did not say.

        Returns
        -------
        bool
            Whether the request should be stamped anew and sent again.
        """
        with self._lock:
            if signed.clock_offset_seconds != self._clock_offset_seconds:
                return True
            if self._clock_corrected or date_seconds is None:
                return False
            offset = date_seconds - time.time()
            if abs(offset) < _LEAST_CLOCK_ERROR_SECONDS:
                return False
            self._clock_offset_seconds, self._clock_corrected = offset, True
            return True

    def renew(self, signed: Signed) -> bool:
        """Renew the access token, once for all requests that were sent with the old one.

        Parameters
        ----------
        signed
            The request whose token was refused.

        Returns
        -------
        bool
            Whether the request should be signed anew and sent again; False where there is no
            refresh token, or a renewed token was refused as well.

        Raises
        ------
        AccessError
            If renewing failed. It is not tried again: the refresh token may be spent.
        """
        with self._lock:
            if signed.access_token != self._pair.access_token:
                return True
            if not self._pair.refresh_token or not self._good_since_renewal:
                return False
            self._good_since_renewal = False
            if self._tokens is None:
                self._pair = self._ask_for_pair(self._pair)
                return True
            with self._tokens.locked():
                # Another process may have renewed it meanwhile: the refresh token may be good once only.
                kept = self._tokens.read(self._credentials)
                if kept and kept.access_token != self._pair.access_token:
                    self._pair = kept
                else:
                    self._pair = self._ask_for_pair(self._pair)
                    self._tokens.write(self._credentials, self._pair)
            return True

    def _ask_for_pair(self, pair: Pair) -> Pair:
        query = {
            "app_key": self._credentials.app_key,
            "app_secret": self._credentials.app_secret,
            "refresh_token": pair.refresh_token or "",
            "grant_type": "refresh_token",
        }
        wire = self._auth_wire()
        try:
            reply = wire.send("GET", f"/api/v2/token/refresh?{urlencode(query)}", {"User-Agent": "ttsframe"})
        except WireTrouble as trouble:
            raise AccessError(_renewal_failed(str(trouble))) from None
        finally:
            wire.close()
        content = tiktok.payload(reply.body)
        return self._read_pair(content, reply.http_status, pair)

    def _read_pair(self, content: Any, http_status: int, pair: Pair) -> Pair:  # noqa: ANN401
        code, message, _ = tiktok.envelope(content)
        data = content.get("data") if code == "0" else None
        token = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(token, str) or not token:
            said = f"code {code}: {message}" if code else f"HTTP status {http_status}"
            raise AccessError(_renewal_failed(redact(said, self.secrets)))
        refresh = data.get("refresh_token")
        return Pair(token, refresh if isinstance(refresh, str) and refresh else pair.refresh_token)


def _renewal_failed(why: str) -> str:
    return (
        f"the access token has expired and renewing it with TIKTOK_APP_REFRESH_KEY failed ({why}). Let the "
        "seller authorize the app again and set the new TIKTOK_APP_ACCESS_KEY and TIKTOK_APP_REFRESH_KEY. "
        "What was answered is kept; the same command goes on."
    )
