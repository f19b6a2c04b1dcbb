"""Order ids → requests; answers → outcomes; the gateway's error table as data."""

from ttsframe.gateway.decode import SHOP_FIELDS, read_answer, read_shops
from ttsframe.gateway.decode_cached import decode_cached
from ttsframe.gateway.endpoints import (
    DEFAULT_PLATFORM,
    PLATFORMS,
    READ_SCOPE,
    Request,
    platforms,
    reference_request,
    shops_request,
)
from ttsframe.gateway.errors import (
    MOST_BYTES,
    Answer,
    ResponseKind,
    classify,
    envelope,
    find,
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
    "ResponseKind",
    "classify",
    "decode_cached",
    "envelope",
    "find",
    "payload",
    "platforms",
    "read_answer",
    "read_shops",
    "reference_request",
    "shops_request",
    "without_tail",
]
