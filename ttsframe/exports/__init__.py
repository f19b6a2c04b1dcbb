"""TikTok Shop and Shopify exports → typed frames."""

from ttsframe.exports.headers import ORDER_ID_NAMES
from ttsframe.exports.id_tables import id_column, read_ids
from ttsframe.exports.references import read_references
from ttsframe.exports.settlement import read_tiktok_settlement
from ttsframe.exports.shopify import read_shopify_orders
from ttsframe.exports.tiktok import read_tiktok_orders

__all__ = [
    "ORDER_ID_NAMES",
    "id_column",
    "read_ids",
    "read_references",
    "read_shopify_orders",
    "read_tiktok_orders",
    "read_tiktok_settlement",
]
