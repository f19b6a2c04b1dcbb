"""Which TikTok Shop order is which Shopify order, and where do they disagree?"""

__version__ = "0.1.0"
