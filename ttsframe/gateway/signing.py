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
_NOT_SECRET_PREFIX = "".join(
    rf"(?<!(?<![\w%\\]){start})" for start in ("as", "co", "con", "counter", "de", "en", "re", "reas", "rede")
)
# In URLs, plain or encoded, in JSON, also inside other JSON, in headers and in Python's reprs.
_SECRET_PARAMETERS = re.compile(
    rf"(?i)((?:{_NOT_SECRET_PREFIX}(?:sign|cipher)|access_?token|refresh_?token|app_?secret|access_key|refresh_key|x-tts-access-token)"
    r"\\*[\"']?\s*(?:=|:|%(?:25)*3d)\s*\\*[\"']?)([^\s\"'&,;}<>\\]+)"
)


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """Sign a request."""
    pairs = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in UNSIGNED)
    message = b"".join((secret.encode(), path.encode(), pairs.encode(), body, secret.encode()))
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask every secret in a text."""
    known = {spelling for secret in secrets if secret for spelling in encodings_of(secret)}
    for spelling in sorted(known, key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return _SECRET_PARAMETERS.sub(rf"\1{MASK}", text)


def encodings_of(secret: str) -> set[str]:
    """Return the ways in which URLs, JSON and Python spell a secret."""
    escaped = {json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *escaped}
