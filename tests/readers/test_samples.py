"""The developers' samples, where they are: each is read, or refused for what it is."""

from pathlib import Path

import pytest

from ttsframe.errors import TtsframeError
from ttsframe.readers import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement

SAMPLES = Path(__file__).parents[3] / "shared" / "data"

# What each of the developers' samples comes to: orders read, or the words of its refusal.
READ = {
    "tiktok/tiktok_ID_22col_localised_status.csv": 1,
    "tiktok/tiktok_ID_24col_description_row_OrderSKUList.xlsx": 2,
    "tiktok/tiktok_MY_33col_tab_rows_under_comma_header_scrubbed.csv": 1,
    "tiktok/tiktok_SG_crossborder_zh_7col.csv": 1,
    "tiktok/tiktok_TH_63col_trailing_tabs.csv": 2,
    "tiktok/tiktok_TH_bom_trailing_tabs_20col.csv": 3,
    "tiktok/tiktok_US_11col_ampm.csv": 2,
    "tiktok/tiktok_US_58col_constructed.csv": 9,
    "tiktok/tiktok_US_58col_description_row_constructed.csv": 9,
    "tiktok/tiktok_US_58col_excel_mangled_constructed.csv": "lost their last digits",
    "tiktok/tiktok_US_fixture_tiktok_orders.csv": 4,
    "tiktok/tiktok_US_fixture_tiktok_shop_orders.csv": 5,
    "tiktok/tiktok_VN_10col_mock_trailing_tabs.csv": 3,
    "tiktok/tiktok_xlsx_bad_dimension_A1_constructed.xlsx": 2,
    "shopify/shopify_24col_fixture_EUR.csv": 1,
    "shopify/shopify_37col_synthetic_statuses.csv": 4,
    "shopify/shopify_79col_fixture.csv": 1,
    "shopify/shopify_79col_with_tiktok_orders_constructed.csv": 10,
    "shopify/shopify_devstore_79col_scrubbed.csv": 51,
    "shopify/shopify_excel_mangled_38col_scrubbed.csv": 94,
    "shopify/shopify_ltv_fixture_7col.csv": 8,
    "shopify/shopify_ltv_sample_9col.csv": 127,
    "shopify/shopify_metafields_gid_1row.csv": "is a Shopify metafields export",
    "shopify/shopify_payment_transactions_export_synthetic.csv": "is a Shopify payment transactions export",
    "settlement/Onhold-unsettled-orders-2026_06_01-2026_06_12(UTC-7).xlsx": 1,
    "settlement/tiktok_income_VN_7col_localised_header.xlsx": "has no column Total settlement amount",
    "settlement/tiktok_settlement_EN_12col_synthetic.csv": 2,
    "settlement/tiktok_settlement_ID_14col_synthetic.xlsx": 2,
}
READERS = {"tiktok": read_tiktok_orders, "shopify": read_shopify_orders, "settlement": read_tiktok_settlement}


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the developers' samples are not here")
@pytest.mark.parametrize("name", sorted(READ))
def test_samples__each_is_read_or_refused(name):
    reader = READERS[name.partition("/")[0]]
    if isinstance(READ[name], str):
        with pytest.raises(TtsframeError, match=READ[name]):
            reader(SAMPLES / name)
    else:
        assert len(reader(SAMPLES / name)) == READ[name]


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the developers' samples are not here")
def test_samples__none_is_forgotten():
    there = {f"{folder}/{path.name}" for folder in READERS for path in (SAMPLES / folder).iterdir()}
    assert there == set(READ)
