"""Order ids → requests; answers → outcomes; the gateway's error table as data."""

from ttsframe.gateway.decode import SHOP_FIELDS, decode_references, decode_shops
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
    MAX_BYTES,
    DecodedResponse,
    ResponseKind,
    classify,
    decode_json,
    envelope,
    without_tail,
)
from ttsframe.gateway.outcomes import SIMULATED

__all__ = [
    "DEFAULT_PLATFORM",
    "MAX_BYTES",
    "PLATFORMS",
    "READ_SCOPE",
    "SHOP_FIELDS",
    "SIMULATED",
    "DecodedResponse",
    "Request",
    "ResponseKind",
    "classify",
    "decode_cached",
    "decode_json",
    "decode_references",
    "decode_shops",
    "envelope",
    "platforms",
    "reference_request",
    "shops_request",
    "without_tail",
]
