"""TikTok Shop and Shopify exports → typed frames."""

from ttsframe.readers.id_tables import id_column, read_ids
from ttsframe.readers.references import read_references
from ttsframe.readers.settlement import read_tiktok_settlement
from ttsframe.readers.shopify import read_shopify_orders
from ttsframe.readers.tiktok import read_tiktok_orders

__all__ = [
    "id_column",
    "read_ids",
    "read_references",
    "read_shopify_orders",
    "read_tiktok_orders",
    "read_tiktok_settlement",
]
