"""`ttsframe shops`: which shops the token gives access to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe import config
from ttsframe.client.tokens import TokenStore, default_file
from ttsframe.errors import EXIT_OK
from ttsframe.references.shop import Shop

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe shops`."""
    del options
    # People come here to learn the cipher, so it is not required yet.
    settings, credentials = config.read(config.environment(), need=config.CREDENTIAL_NAMES[:3])
    with Shop(credentials, settings, tokens=TokenStore(default_file())) as shop:
        shops = shop.shops()
    if shops.empty:
        sys.stdout.write("the token gives access to no shop: the seller must authorize the app\n")
    for row in shops.fillna("").itertuples():
        sys.stdout.write(
            f"{row.name}\t{row.region}\t{row.seller_type}\t{row.id}\tTIKTOK_SHOP_CIPHER={row.cipher}\n"
        )
    return EXIT_OK
