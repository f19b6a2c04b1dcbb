"""`ttsframe shops`: which shops the token may act for."""

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
    """List shops; see `ttsframe shops --help`."""
    del options
    # The cipher is what people come here to learn, so it is not needed yet.
    settings, credentials = config.read(config.environment(), need=config.CREDENTIAL_NAMES[:3])
    with Shop(credentials, settings, tokens=TokenStore(default_file())) as shop:
        found = shop.shops()
    if found.empty:
        sys.stdout.write("the token acts for no shop: let the seller authorize the app\n")
    for row in found.fillna("").itertuples():
        sys.stdout.write(
            f"{row.name}\t{row.region}\t{row.seller_type}\t{row.id}\tTIKTOK_SHOP_CIPHER={row.cipher}\n"
        )
    return EXIT_OK
