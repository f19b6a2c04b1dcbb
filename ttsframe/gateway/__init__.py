"""Order ids → requests; answers → outcomes; the gateway's error table as data."""

from ttsframe.gateway.answers import SHOP_FIELDS, read_answer, read_shops
from ttsframe.gateway.asking import (
    DEFAULT_PLATFORM,
    PLATFORMS,
    READ_SCOPE,
    Request,
    platforms,
    reference_request,
    shops_request,
)
from ttsframe.gateway.stored import read_stored
from ttsframe.gateway.verdicts import (
    MOST_BYTES,
    Answer,
    Verdict,
    envelope,
    find,
    judge,
    payload,
    without_tail,
)

__all__ = [
    "DEFAULT_PLATFORM",
    "MOST_BYTES",
    "PLATFORMS",
    "READ_SCOPE",
    "SHOP_FIELDS",
    "Answer",
    "Request",
    "Verdict",
    "envelope",
    "find",
    "judge",
    "payload",
    "platforms",
    "read_answer",
    "read_shops",
    "read_stored",
    "reference_request",
    "shops_request",
    "without_tail",
]
