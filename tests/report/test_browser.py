"""The page in a real browser: it searches, sorts, filters, and runs nothing that the data holds."""

import csv
import re
import shutil
import subprocess
from dataclasses import replace

import pandas as pd
import pytest
from support.match_frames import S1, S2, T1, T2, marked, shopify, tiktok
from support.report_browser import Browser, programs
from support.report_sample import sample_report

from ttsframe.columns import MATCH_ADVICE, MATCH_STATUSES
from ttsframe.matching import match
from ttsframe.report import write_html
from ttsframe.report.summary import SIDES
from ttsframe.text import Note

MISSING = [
    name for name, found in zip(("chromium", "chromedriver"), programs(), strict=True) if found is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {' and '.join(MISSING)}")

ROWS = 600
HOSTILE = "<img src=x onerror=\"document.title='run'\"></script><script>document.title='run'</script>"


@pytest.fixture(scope="module")
def report():
    made = sample_report(ROWS)
    rows = made.orders.copy()
    rows.loc[3, "reason"] = HOSTILE
    rows.loc[list(MATCH_STATUSES).index("conflict"), "reason"] = '=HYPERLINK("http://example.com")'
    return replace(made, orders=rows, title=f"Orders {HOSTILE}", notes=(Note("warning", HOSTILE),))


@pytest.fixture(scope="module")
def browser(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    opened = Browser(folder)
    opened.page = write_html(report, folder / "report.html")
    yield opened
    opened.close()


@pytest.fixture
def page(browser):
    browser.window(1280, 900)
    browser.media(prefers_color_scheme="light")
    browser.open(browser.page)
    browser.run("localStorage.clear()")
    browser.open(browser.page)
    return browser


def shown_ids(page):
    return page.texts("#table tbody td:first-child")


def place_of(report, name):
    shown = [
        column.name for column in report.columns if column.name not in ("matched_on", "evidence", "reason")
    ]
    shown.insert(shown.index("status") + 1, "reason")
    return shown.index(name) + 1


def search(page, text):
    before = page.texts("#shown")[0]
    page.write("#search", text)
    page.wait("return document.getElementById('shown').textContent !== arguments[0]", before)


def test_page__shows_the_first_hundred_rows_in_their_order(page, report):
    assert shown_ids(page) == report.orders["order_id"].head(100).fillna("").tolist()
    assert page.texts("#shown") == [f"{ROWS} rows"]


def test_page__search_finds_one_order_by_its_id(page, report):
    wanted = report.orders["order_id"].iloc[437]
    search(page, wanted)
    assert shown_ids(page) == [wanted]


def test_page__search_for_nothing_offers_all_again(page):
    search(page, "no such order")
    assert shown_ids(page) == []
    page.click("#clear")
    assert len(shown_ids(page)) == 100


def tile(status):
    """The selector of a status's tile."""
    return f".tile[data-status='{list(MATCH_STATUSES).index(status)}']"


def test_page__a_tile_filters_and_filters_no_more(page, report):
    count = report.counts["only_tiktok"]
    page.click(tile("only_tiktok"))
    assert set(page.texts("#table .pill")) == {"Only TikTok"}
    assert page.texts("#shown") == [f"{count} of {ROWS} rows"]
    selector = tile("only_tiktok")
    assert page.run(f'return document.querySelector("{selector}").ariaPressed') == "true"
    page.click(tile("only_tiktok"))
    assert page.texts("#shown") == [f"{ROWS} rows"]


def test_page__a_tile_goes_to_the_table(page):
    assert page.run("return scrollY") == 0
    page.click(tile("only_tiktok"))
    top = page.run("return document.getElementById('orders').getBoundingClientRect().top")
    assert 0 <= top < 50


def test_page__has_words_where_the_data_have_codes(page, tmp_path):
    ours = tiktok({"order_id": T1, "amount": 1020.0, "platform_discount": 5.0, "taxes": 1.0}, T2)
    theirs = shopify(
        marked(S1, T1, total=1024.0, tiktok_order_id_from="note_attribute"), marked(S2, T2, cancelled=True)
    )
    result = match(ours, theirs)
    assert result.orders["reason"][0] == "platform_discount + taxes"
    page.open(write_html(result.report, tmp_path / "words.html"))
    cells = set(page.texts("#table tbody td"))
    assert {"Platform discount + Taxes", "Note attribute", "Cancelled on Shopify"} <= cells
    for text in ("1,024.00", "1024.00", "platform discount", "platform_discount"):
        search(page, text)
        assert shown_ids(page) == [T1], text
        search(page, "neither")  # what is written comes after what is there
        page.click("#clear")
    page.click(tile("explained"))
    page.click("#download")
    assert "platform_discount + taxes" in page.downloaded("explained.csv").read_text("utf-8-sig")


def test_page__a_column_that_is_blank_takes_no_room(page, report):
    head = f"#table th:nth-child({place_of(report, 'shopify_total')})"
    assert not page.run(f"return document.querySelector('{head}').hidden")
    page.click(tile("only_tiktok"))
    assert page.run(f"return document.querySelector('{head}').hidden")


def test_page__sorts_by_money_both_ways_with_blanks_last(page, report):
    amounts = report.orders["tiktok_amount"]
    place = place_of(report, "tiktok_amount")
    cells = f"#table tbody td:nth-child({place})"
    page.click(f"#table th:nth-child({place}) button")
    smallest = amounts.sort_values().head(100)
    assert [float(text.replace(",", "")) for text in page.texts(cells)] == smallest.tolist()
    page.click(f"#table th:nth-child({place}) button")
    assert [float(text.replace(",", "")) for text in page.texts(cells)] == amounts.sort_values()[
        ::-1
    ].dropna().head(100).tolist()
    assert page.run(f"return document.querySelector('#table th:nth-child({place})').ariaSort") == "descending"


def test_page__sorts_names_by_their_numbers(page, report):
    place = place_of(report, "shopify_name")
    page.click(f"#table th:nth-child({place}) button")
    names = report.orders["shopify_name"].dropna()
    by_number = sorted(names, key=lambda name: int(name.removeprefix("#")))
    assert page.texts(f"#table tbody td:nth-child({place})") == by_number[:100]


def test_page__turns_to_the_last_page(page, report):
    for _ in range(5):
        page.click("#next")
    assert shown_ids(page) == report.orders["order_id"].tail(100).fillna("").tolist()
    assert page.run("return document.getElementById('next').disabled")


def test_page__data_is_text_and_never_runs(page, report):
    search(page, "onerror")
    assert page.run("return document.title") == f"Orders {HOSTILE}"
    assert page.run("return document.images.length") == 0
    assert HOSTILE in page.texts(f"#table tbody td:nth-child({place_of(report, 'reason')})")


@pytest.mark.parametrize("width", [1200, 1000])
def test_page__totals_of_many_digits_are_whole(browser, report, tmp_path, width):
    rows = report.orders.assign(**{name: report.orders[name] * 15 for name in SIDES.values()})
    assert rows["tiktok_counted"].sum() > 130_000
    browser.window(width, 900)
    browser.open(write_html(replace(report, orders=rows), tmp_path / "report.html"))
    too_wide = "box => box.scrollWidth - box.clientWidth"
    widths = browser.run(f"return [...document.querySelectorAll('.scroll-x')].map({too_wide})")
    assert widths
    assert set(widths) == {0}


def test_page__asks_the_network_for_nothing(page):
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert page.messages() == []


def test_page__refuses_a_script_that_is_not_its_own(page):
    page.run(
        "const added = document.createElement('script');"
        "added.textContent = 'document.title = \"run\"'; document.body.append(added)"
    )
    assert page.run("return document.title") != "run"
    assert any("Content Security Policy" in message for message in page.messages())


def test_page__downloads_the_rows_shown_without_formulas(page, report):
    page.click(tile("conflict"))
    page.click("#download")
    text = page.downloaded("conflict.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    held = report.orders[report.orders["status"] == "conflict"]
    assert [row["order_id"] for row in rows] == ('="' + held["order_id"] + '"').tolist()
    assert [float(row["tiktok_amount"]) for row in rows] == held["tiktok_amount"].tolist()
    assert rows[0]["reason"] == '\'=HYPERLINK("http://example.com")'


def test_page__theme_follows_the_system_until_a_button_says_otherwise(page):
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.media(prefers_color_scheme="dark")
    dark = page.run(ground)
    assert light != dark
    page.click("#theme")
    assert page.run(ground) == light
    page.click("#theme")
    assert page.run(ground) == dark


def test_page__fits_a_phone(page):
    page.window(390, 800)
    assert page.run("return document.documentElement.scrollWidth") <= 390
    assert page.run("return getComputedStyle(document.querySelector('#table thead')).display") == "none"


def test_page__copied_ids_are_marked_as_text(page):
    marked = page.run(
        "getSelection().selectAllChildren(document.querySelector('#table tbody'));"
        "const copied = new DataTransfer();"
        "const event = new ClipboardEvent('copy', {clipboardData: copied, bubbles: true, cancelable: true});"
        "document.querySelector('#table tbody').dispatchEvent(event);"
        "return copied.getData('text/html')"
    )
    assert "mso-number-format" in marked


def test_page__on_paper_cuts_no_column(browser, report, tmp_path):
    rows = report.orders.copy()
    rows["shopify_name"] = "TTOK" + rows["order_id"]
    rows["reason"] = "cancelled_before_payment; currency; unpaid_on_shopify"
    rows["evidence"] = "reference " + rows["order_id"] + " against tag " + rows["order_id"]
    rows["financial_status"] = "partially_refunded"
    rows[["settled_amount", "settled_counted"]] = 1_234_567.89
    rows["settled_currency"] = "USD"
    rows["settled_at"] = pd.Timestamp("2026-11-23 10:20:30")
    browser.open(write_html(replace(report, orders=rows), tmp_path / "report.html"))
    browser.window(1031, 700)  # A4 landscape within its margins, in CSS pixels
    browser.media(media="print")
    width = browser.run("return document.querySelector('#table').getBoundingClientRect().width")
    browser.media(media="")
    assert 900 < width <= 1031


def test_page__prints_every_row_that_fits_the_filter(page, report):
    page.click(tile("matched"))
    count = report.counts["matched"]
    assert count > 100
    printed = page.run(
        "dispatchEvent(new Event('beforeprint'));"
        "const rows = document.querySelectorAll('#table tbody tr').length;"
        "dispatchEvent(new Event('afterprint'));"
        "return [rows, document.querySelectorAll('#table tbody tr').length]"
    )
    assert printed == [count, 100]


def test_page__on_paper_begins_with_the_totals_and_folds_nothing(page):
    heads = "return [...document.querySelectorAll('main > section, main > .pair')].map(e => e.id)"
    on_screen = page.run(heads)
    assert on_screen.index("review") < on_screen.index("pair")
    folded = "document.querySelectorAll('details:not([open])').length"
    printed = page.run(
        "dispatchEvent(new Event('beforeprint'));"
        f"const told = [{folded}, (() => {{ {heads} }})()];"
        "dispatchEvent(new Event('afterprint'));"
        f"return [...told, {folded}]"
    )
    assert printed[0] == 0 < printed[2]
    assert printed[1].index("review") == printed[1].index("pair") + 1
    assert page.run(heads) == on_screen


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="not on this machine: pdftotext")
def test_page__on_paper_has_whole_ids_and_numbered_pages(browser, report, tmp_path):
    browser.open(browser.page)
    (tmp_path / "report.pdf").write_bytes(browser.pdf())
    command = ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"]
    pages = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\f")[:-1]
    assert [re.search(r"(\d+) / (\d+)\s*$", text).groups() for text in pages] == [
        (str(number), str(len(pages))) for number in range(1, len(pages) + 1)
    ]
    assert "Totals per side" in pages[0]
    assert "What needs review" not in pages[0]
    printed = set(re.findall(r"\b\d{18}\b", "".join(pages)))
    assert set(report.orders["order_id"].dropna()) <= printed
    of_orders = [text for text in pages if len(re.findall(r"^\s*\d{18}\b", text, re.MULTILINE)) > 2]
    assert len(of_orders) > 10
    assert all("Order ID" in text for text in of_orders)


def test_page__a_click_on_a_row_explains_its_order(page, report):
    place = report.orders["status"].eq("duplicate").idxmax()
    search(page, report.orders["order_id"].iloc[place])
    page.click("#table tbody tr")
    assert page.run("return document.getElementById('order').open")
    told = page.texts("#explained h2, #explained p, #explained td")
    assert told[0] == report.orders["order_id"].iloc[place]
    assert told[1] == "Duplicate: several Shopify orders for one TikTok order"
    assert f"What to do: {MATCH_ADVICE['duplicate']}" in told
    assert f"{report.orders['tiktok_amount'].iloc[place]:,.2f}" in told
    page.click("#order button")
    assert not page.run("return document.getElementById('order').open")


def test_page__explains_a_difference_to_the_last_cent(browser, tmp_path):
    ours = tiktok({"order_id": T1, "platform_discount": 5.0, "taxes": 1.25}, {"order_id": T2})
    theirs = shopify(marked(S1, T1, total=23.75), marked(S2, T2, total=21.5))
    browser.open(match(ours, theirs).to_html(tmp_path))
    browser.click("#table tbody tr:nth-child(1)")
    assert browser.texts("#explained .sums td") == [
        *("TikTok amount", "20.00", "Platform discount", "+5.00", "Taxes", "\u22121.25"),
        *("Shopify total", "23.75"),
    ]
    assert any("Shopify's total includes what TikTok paid" in text for text in browser.texts("#explained p"))
    browser.click("#order button")
    browser.click("#table tbody tr:nth-child(2)")
    assert browser.texts("#explained .sums td")[2:4] == ["Not explained", "+1.50"]


def test_page__writes_a_ticket_about_the_rows_shown(page, report):
    page.click(tile("only_tiktok"))
    page.click("#ticket")
    text = page.downloaded("ticket.txt").read_text(encoding="utf-8")
    held = report.orders[report.orders["status"] == "only_tiktok"]
    assert text.startswith(f"Subject: {len(held)} TikTok Shop orders not on Shopify\n")
    assert [line.split()[0] for line in text.splitlines()[5:]] == held["order_id"].tolist()
