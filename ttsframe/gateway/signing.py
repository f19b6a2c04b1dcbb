"""The signature of a request, and the one redactor.

Source: TikTok Shop's guide, Sign your API request, with its test vector.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNSIGNED = frozenset({"sign", "access_token"})
MASK = "***"

# "design: x" holds no signature. Only whole words are spared: `%DEsign=` and `shop_cipher=` are none.
_ORDINARY = "".join(
    rf"(?<!(?<![\w%\\]){start})" for start in ("as", "co", "con", "counter", "de", "en", "re", "reas", "rede")
)
# In URLs, plain or encoded, in JSON, also inside other JSON, in headers and in Python's reprs.
_SECRET_PARAMETERS = re.compile(
    rf"(?i)((?:{_ORDINARY}(?:sign|cipher)|access_?token|refresh_?token|app_?secret|access_key|refresh_key|x-tts-access-token)"
    r"\\*[\"']?\s*(?:=|:|%(?:25)*3d)\s*\\*[\"']?)([^\s\"'&,;}<>\\]+)"
)


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """Sign a request.

    Parameters
    ----------
    secret
        The app secret.
    path
        The path of the request, without host and query.
    query
        Every query parameter, decoded; `sign` and `access_token` are left out by this function.
    body
        The exact bytes that are sent; none for a GET.

    Returns
    -------
    str
        HMAC-SHA256 in lower-case hex, for the query parameter `sign`.
    """
    pairs = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in UNSIGNED)
    message = b"".join((secret.encode(), path.encode(), pairs.encode(), body, secret.encode()))
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask every secret in a text.

    Parameters
    ----------
    text
        Anything that may leave the process: a message, a log line, a URL.
    secrets
        Known secret values; masked wherever they stand, also as URLs and JSON spell them.

    Returns
    -------
    str
        The text with `***` for each secret value and for the value of each secret parameter.
    """
    known = {spelling for secret in secrets if secret for spelling in spellings(secret)}
    for spelling in sorted(known, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return _SECRET_PARAMETERS.sub(rf"\1{MASK}", text)


def spellings(secret: str) -> set[str]:
    """Return the ways in which URLs, JSON and Python spell a secret."""
    escaped = {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *escaped}
