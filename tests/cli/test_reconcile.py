"""Every rendering of a reconciliation and its exit code agree on what needs review."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import openpyxl
import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, marked, shopify, tiktok

import ttsframe as tts
from ttsframe.cli import main
from ttsframe.columns import REFERENCES, TIE_OUT, empty, names
from ttsframe.matching import match
from ttsframe.report import text_summary
from ttsframe.report.html import page_html
from ttsframe.report.summary import EXCLUDED_NOTE

TAG_1, TAG_2 = (f"TikTokOrderID:{order_id}" for order_id in (T1, T2))
GUESSED = ({T1: 20, T2: 30}, [("", 20), (TAG_2, 30)])
MATCHED = ({T1: 20, T2: 30}, [(TAG_1, 20), (TAG_2, 30)])
DIFFERING = ({T1: 20, T2: 30}, [(TAG_1, 20), (TAG_2, 31)])
CASES = pytest.mark.parametrize(
    ("orders", "work"), [(GUESSED, ["probable"]), (MATCHED, []), (DIFFERING, ["amount_differs"])]
)


def export(folder, orders):
    """The two files of orders: amounts by TikTok id, and (tag, total) on Shopify."""
    ours, theirs = folder / "tiktok.csv", folder / "shopify.csv"
    lines = [
        f"{order_id},Completed,11/10/2026 12:00:00 PM,{amount}" for order_id, amount in orders[0].items()
    ]
    ours.write_text("\n".join(["Order ID,Order Status,Created Time,Order Amount", *lines]))
    lines = [
        f"#{1001 + place},{S1[:-1]}{place},2026-11-10 12:00:00 +0000,USD,{total},{tag}"
        for place, (tag, total) in enumerate(orders[1])
    ]
    theirs.write_text("\n".join(["Name,Id,Created at,Currency,Total,Tags", *lines]))
    return ["--tiktok", str(ours), "--shopify", str(theirs), "--date-order", "mdy"]


def page_data(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


def of_page(text):
    """Statuses that have rows and need review, as the page's script counts them."""
    data = page_data(text)
    codes = data["columns"][data["status"]]["codes"]
    return [
        status["name"] for code, status in enumerate(data["statuses"]) if status["review"] and code in codes
    ]


@CASES
def test_reconcile__every_rendering_agrees_with_the_exit_code(tmp_path, capsys, orders, work):
    report = tmp_path / "report"
    arguments = ["reconcile", *export(tmp_path, orders), "--no-lookup", "--probable", "-o", str(report)]
    assert main(arguments) == (1 if work else 0)
    headlines = (
        "All 2 rows reconcile.",
        "1 of 2 rows needs review; 1 reconciles.",
        "All 2 rows need review.",
    )
    assert headlines[len(work)] in capsys.readouterr().out
    page = (report / "report.html").read_text(encoding="utf-8")
    assert of_page(page) == work
    assert page.count('<span class="review">review</span>') == len(work)
    sheets = openpyxl.load_workbook(report / "report.xlsx").sheetnames
    statuses = sheets[sheets.index("Orders") + 1 : -1]
    assert [sheet.lower().replace(" ", "_") for sheet in statuses] == work
    assert {path.stem for path in report.glob("*.csv")} == {"orders", "summary", *work}


def test_reconcile__a_guess_is_said_to_be_one_wherever_it_is_shown(tmp_path, capsys):
    report = tmp_path / "report"
    main(["reconcile", *export(tmp_path, GUESSED), "--no-lookup", "--probable", "-o", str(report)])
    assert re.search(r"^  probable +1 ", capsys.readouterr().out, re.MULTILINE)
    told = "confirm before treating it as matched"
    assert told in (report / "report.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(report / "report.xlsx")
    assert any(told in str(cell.value) for row in book["Summary"].iter_rows() for cell in row)
    status = pd.read_csv(report / "orders.csv", dtype=str).set_index("order_id")["status"]
    assert status.to_dict() == {T1: "probable", T2: "matched"}


def test_reconcile__a_file_of_guesses_goes_when_none_is_left(tmp_path):
    folder = tmp_path / "report"
    assert folder / "probable.csv" in match(tiktok(T1), shopify(S1), probable=True).to_csv(folder)
    match(tiktok(T1), shopify(marked(S1, T1))).to_csv(folder)
    assert {path.name for path in folder.iterdir()} == {"orders.csv", "summary.csv"}


@pytest.mark.parametrize("doubled", [0, 1, 2])
def test_report__every_lead_counts_what_needs_review(doubled):
    """One row and none, one row and several: the words follow the number."""
    theirs = [marked(S1, T1), *(marked(name, T2) for name in (S2, S3)[:doubled])]
    result = match(tiktok(T1, T2), shopify(*theirs))
    headline = {
        0: "1 of 2 rows needs review; 1 reconciles.",
        1: "All 2 rows reconcile.",
        2: "2 of 3 rows need review; 1 reconciles.",
    }[doubled]
    assert result.report.exception_count == {0: 1, 1: 0, 2: 2}[doubled]
    assert headline in result._repr_html_()
    lead = re.sub(r"(\d)", r"<b>\1</b>", headline)
    assert lead in page_html(result.report).decode()


def test_report__one_row_is_not_rows():
    result = match(tiktok(T3), shopify())
    assert "\nThe only row needs review.\n" in text_summary(result.report)
    assert "The only row needs review." in page_html(result.report).decode()
    assert result.provenance["TikTok"] == "1 row"


def test_report__page_shows_what_made_a_pair_after_what_people_look_at():
    result = match(tiktok(T1), shopify(marked(S1, T1)))
    data = page_data(page_html(result.report).decode())
    names = [column["name"] for column in data["columns"]]
    assert names == list(result.orders.columns)
    shown = [names[place] for place in data["shown"]]
    assert shown[-2:] == ["matched_on", "evidence"]
    assert shown[:5] == ["order_id", "shopify_id", "shopify_name", "status", "reason"]
    others = [name for name in names if name not in ("matched_on", "evidence", "reason")]
    assert [name for name in shown[:-2] if name != "reason"] == others


def test_report__what_is_left_out_of_the_totals_stands_beneath_without_a_difference():
    gone = {"order_id": T2, "cancelled": True, "paid_at": None, "amount": 7.0}
    result = match(tiktok(T1, gone), shopify(marked(S1, T1)))
    text = text_summary(result.report)
    assert re.search(r"\n  all +20\.00 +20\.00 +0\.00\n", text)
    assert re.search(r"\n  cancelled_or_refunded +7\.00 +0\.00\n  gross +27\.00 +20\.00\n", text)
    # A tie-out has amounts below 0 of its own.
    shown = page_html(replace(result.report, tie_out=empty(TIE_OUT))).decode()
    for page in (shown, result._repr_html_()):
        assert re.search(r"Cancelled or refunded<.*?7\.00.*?Gross<.*?27\.00", page, re.DOTALL)
        assert "\u22127.00" not in page


def test_report__workbook_tells_what_is_left_out_of_the_totals(tmp_path):
    gone = {"order_id": T2, "cancelled": True, "paid_at": None, "amount": 7.0}
    path = match(tiktok(T1, gone), shopify(marked(S1, T1))).to_excel(tmp_path)
    summary = openpyxl.load_workbook(path, data_only=True)["Summary"]
    held = {row[0]: row[2:5] for row in summary.iter_rows(values_only=True)}
    assert held["Cancelled or refunded"] == (7, 0, None)
    assert held["Gross"] == (27, 20, None)
    assert held["not_expected"] == (0, 0, 0)
    assert EXCLUDED_NOTE in held


def test_report__workbook_has_room_for_the_names_of_files(tmp_path):
    name = "shopify_orders_export_of_the_second_shop_1.csv"
    path = match(tiktok(T1), shopify(marked(S1, T1)).assign(source_file=name)).to_excel(tmp_path)
    summary = openpyxl.load_workbook(path)["Summary"]
    assert summary.column_dimensions["A"].width > len(f"Shopify file {name}")


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("report.csv", "looks like a file, but several files are written: name a folder"),
        ("taken", "a file stands where a folder should be: name another folder"),
        ("taken/deeper", "a file stands where a folder should be: name another folder"),
        ("odd", "is a folder: name a file in it"),
    ],
)
def test_reconcile__what_cannot_be_written_is_told_before_anything_is_read_or_asked(
    output, says, tmp_path, monkeypatch, capsys
):
    (tmp_path / "taken").touch()
    (tmp_path / "odd" / "report.html").mkdir(parents=True)
    read = "ttsframe.cli.reconcile.read_tiktok_orders"
    monkeypatch.setattr(read, lambda *_, **__: pytest.fail("the orders were read"))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert main(["reconcile", "--tiktok", "a.csv", "--shopify", "b.csv", "-o", str(tmp_path / output)]) == 2
    assert says in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_reconcile__writes_no_report_to_standard_output(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["reconcile", *export(tmp_path, MATCHED), "--no-lookup", "-o", "-"]) == 2
    assert "name a folder" in capsys.readouterr().err
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"--tiktok": "nowhere.csv"}, "--tiktok: there is no file 'nowhere.csv'"),
        ({"--shopify": "nowhere*.csv"}, "--shopify: no file matches 'nowhere*.csv'"),
        ({"--settlement": "."}, "--settlement: . is a folder"),
        ({"--refs": "nowhere.csv"}, "--refs: there is no file 'nowhere.csv'"),
        ({"--tz": "Mars"}, "--tz: there is no time zone 'Mars'"),
    ],
)
def test_reconcile__an_error_names_its_option(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("Order ID\n580194009000000101\n")
    (tmp_path / "s.csv").write_text("Name,Total\n#1,5\n")
    given = {"--tiktok": "t.csv", "--shopify": "s.csv", **arguments}
    assert main(["reconcile", *(word for pair in given.items() for word in pair)]) == 2
    assert says in capsys.readouterr().err


def test_explain__shows_one_order_and_writes_its_ticket(tmp_path, capsys):
    files = export(tmp_path, DIFFERING)
    assert main(["explain", T2, *files]) == 0
    shown = capsys.readouterr().out
    assert "Amount differs" in shown
    assert re.search(r"Not explained +\+1\.00\n", shown)
    assert main(["explain", "#1002", "--ticket", *files]) == 0
    assert capsys.readouterr().out.startswith("Subject: 1 order with different amounts\n")


def test_explain__unknown_order_is_an_error_with_advice(tmp_path, capsys):
    assert main(["explain", "#9", *export(tmp_path, DIFFERING)]) == 2
    assert "#9 is not an order of this result: give a TikTok order id" in capsys.readouterr().err


@pytest.fixture
def own_names(tmp_path, monkeypatch):
    """Exports with headers of their own and without a currency."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(f"Order number,Paid,Order Status\n{T1},20,Completed\n")
    (tmp_path / "s.csv").write_text(f"Order,Sum,Tags\n#1001,20,{TAG_1}\n")
    (tmp_path / "p.csv").write_text(f"Order number,Payout\n{T1},18\n")
    return ["--tiktok", "t.csv", "--shopify", "s.csv", "--settlement", "p.csv"]


def test_reconcile__reads_files_with_headers_of_their_own(own_names, capsys):
    names_of = ["--tiktok-columns", "Order number=Order ID", "--tiktok-columns", "Paid=Order Amount"]
    names_of += ["--shopify-columns", "Order=Name", "Sum=Total"]
    names_of += ["--settlement-columns", "Order number=Order ID", "Payout=Settlement amount"]
    money = [word for side in ("tiktok", "shopify", "settlement") for word in (f"--{side}-currency", "EUR")]
    arguments = [*own_names, *names_of, *money]
    assert main(["reconcile", "--no-lookup", *arguments]) == 0, capsys.readouterr().err
    (row,) = pd.read_csv("report/orders.csv", dtype=str).to_dict("records")
    assert (row["currency"], row["tiktok_amount"], row["settled_amount"]) == ("EUR", "20.00", "18.00")
    assert main(["explain", T1, *arguments]) == 0
    assert T1 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tiktok-columns", "Nr=Order ID"], "--tiktok-columns: t.csv has no column 'Nr'. It has: Order"),
        (["--tiktok-columns", "Order number=Order Id.."], "--tiktok-columns: 'Order Id..', meant for"),
        (["--tiktok-columns", "Order number"], "'Order number' is not of the form 'Order number=Order ID'"),
        (
            ["--tiktok-columns", "Order number=Order ID", "--shopify-columns", "Nr=Name"],
            "--shopify-columns: s.csv has no column 'Nr'. It has: Order, Sum, Tags.",
        ),
        (["--tiktok-currency", "euro"], "--tiktok-currency: 'euro' is not a currency code such as EUR"),
    ],
)
def test_reconcile__an_error_in_names_or_currency_names_its_option(own_names, arguments, says, capsys):
    assert main(["reconcile", "--no-lookup", *own_names, *arguments]) == 2
    assert says in capsys.readouterr().err


def test_reconcile__reports_the_days_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = export(tmp_path, DIFFERING)
    assert main(["reconcile", "--no-lookup", *files, "--from", "2026-11-01", "--to", "2026-11-09"]) == 0
    assert "2026-11-01 to 2026-11-09" in capsys.readouterr().out
    assert main(["reconcile", "--no-lookup", *files, "--from", "2026-11-01"]) == 2
    assert "--from and --to belong together" in capsys.readouterr().err


@pytest.fixture
def mostly_marked(tmp_path, monkeypatch):
    """The files of 300 orders, of which Shopify names all but two, and a gateway that knows them."""
    monkeypatch.chdir(tmp_path)
    ids = [f"5772{number:014}" for number in range(300)]
    tags = ["", "", *(f"TikTokOrderID:{order_id}" for order_id in ids[2:])]
    files = export(tmp_path, (dict.fromkeys(ids, 20), [(tag, 20) for tag in tags]))
    links = pd.DataFrame({"order_id": ids, "external_order_id": [f"{S1[:-1]}{n}" for n in range(300)]})
    with tts.sandbox.run(links) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        yield files, gateway


def test_reconcile__asks_only_what_no_shopify_order_names(mostly_marked, capsys):
    files, gateway = mostly_marked
    assert main(["reconcile", *files, "--ask", "none"]) == 1
    assert len(gateway.log) == 0
    assert main(["reconcile", *files, "--ask", "unmarked"]) == 0
    assert len(gateway.log) == 52  # a sample of 50 as well
    assert "Orders not looked up, as a Shopify order names them: 248." in capsys.readouterr().out
    assert main(["reconcile", *files]) == 0
    assert len(gateway.log) == 300


def test_reconcile__says_what_asking_the_unmarked_only_would_save(mostly_marked, monkeypatch, capsys):
    files, _ = mostly_marked
    monkeypatch.setattr("ttsframe.cli.reconcile._LONG_SECONDS", 10)
    assert main(["reconcile", *files]) == 0
    said = "Shopify orders name 248 of 300 orders: --ask unmarked would save about 31 s."
    assert said in capsys.readouterr().err


def test_reconcile__references_and_ask_exclude_each_other(tmp_path, capsys):
    arguments = ["reconcile", *export(tmp_path, MATCHED), "--refs", "refs.csv", "--no-lookup"]
    assert main(arguments) == 2
    assert "--refs and --ask exclude each other" in capsys.readouterr().err


def summary_line(out):
    """The figures of the last line."""
    last = out.splitlines()[-1]
    assert last.startswith("SUMMARY ")
    return dict(pair.split("=") for pair in last.split()[1:])


@pytest.mark.parametrize(("orders", "review", "code"), [(MATCHED, "0", 0), (DIFFERING, "1", 1)])
def test_reconcile__ends_with_a_line_for_programs(orders, review, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["reconcile", *export(tmp_path, orders), "--ask", "none"]) == code
    out = capsys.readouterr().out
    figures = summary_line(out)
    assert (figures["rows"], figures["needs_review"], figures["exit"]) == ("2", review, str(code))
    assert figures["amount_differs"] == review
    assert ("1 row needs review (exit status 1)." in out) is bool(code)


@pytest.mark.parametrize(
    ("answer", "incomplete"),
    [
        ("failed,timeout", "1"),
        ("skipped,offline", "1"),
        ("unlinked,stale", "1"),
        ("skipped,known", "0"),
        ("denied,not_this_shop", "0"),
        ("unlinked,", "0"),
    ],
)
def test_reconcile__incomplete_look_ups_exit_with_3(answer, incomplete, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, reason = answer.split(",")
    told = {"order_id": [T1, T2], "status": [status, "unlinked"], "reason": [reason, ""]}
    columns = {name: [None] * 2 for name in names(REFERENCES)}
    frame = pd.DataFrame(columns | told | {"platform": "SHOPIFY", "from_cache": False})
    frame.to_csv(tmp_path / "refs.csv", index=False)
    arguments = ["reconcile", *export(tmp_path, MATCHED), "--refs", "refs.csv"]
    code = 3 if incomplete == "1" else 0
    assert main(arguments) == code
    out = capsys.readouterr().out
    assert summary_line(out)["incomplete"] == incomplete
    assert ("1 look-up is incomplete: run the same command again (exit status 3)." in out) is bool(code)
    assert main([*arguments, "--exit-zero"]) == code


def test_reconcile__says_what_needs_review_and_what_is_incomplete(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    told = {"order_id": [T1, T2], "status": ["failed", "unlinked"], "reason": ["timeout", ""]}
    columns = {name: [None] * 2 for name in names(REFERENCES)}
    frame = pd.DataFrame(columns | told | {"platform": "SHOPIFY", "from_cache": False})
    frame.to_csv(tmp_path / "refs.csv", index=False)
    assert main(["reconcile", *export(tmp_path, DIFFERING), "--refs", "refs.csv"]) == 3
    *_, review, incomplete, _ = capsys.readouterr().out.splitlines()
    assert review == "1 row needs review."
    assert incomplete == "1 look-up is incomplete: run the same command again (exit status 3)."


@pytest.mark.parametrize("ask", ["all", "unmarked"])
def test_reconcile__names_every_credential_that_is_missing_at_once(ask, tmp_path, capsys):
    assert main(["reconcile", *export(tmp_path, MATCHED), "--ask", ask]) == 2
    error = capsys.readouterr().err
    for name in ("TIKTOK_APP_KEY", "TIKTOK_APP_SECRET", "TIKTOK_APP_ACCESS_KEY", "TIKTOK_SHOP_CIPHER"):
        assert f"{name} is not set" in error
    assert "--ask none" in error


AMOUNT = r"^-?[0-9]+([.][0-9]+)?$"
FIGURE = {
    "type": "object",
    "properties": {
        "section": {"type": "string"},
        "side": {"enum": [None, "TikTok", "Shopify"]},
        "currency": {"type": ["string", "null"]},
        "name": {"type": "string"},
        "value": {
            "anyOf": [
                {"type": "integer"},
                {"type": "string", "pattern": AMOUNT},
                {"type": "null"},
            ]
        },
    },
    "required": ["section", "side", "currency", "name", "value"],
    "additionalProperties": False,
}
FIGURES = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "provenance": {"type": "object", "additionalProperties": {"type": "string"}},
        "sources": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
                "required": ["input", "file", "sha256", "oldest", "newest"],
                "additionalProperties": {"type": ["string", "null"]},
            },
        },
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "needs_review": {"type": "integer"},
        "figures": {"type": "array", "items": FIGURE},
        "notes": {"type": "array", "items": {"type": "object", "required": ["kind", "text"]}},
    },
    "required": ["title", "provenance", "sources", "counts", "needs_review", "figures", "notes"],
    "additionalProperties": False,
}


def test_reconcile__writes_its_figures_as_json(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["reconcile", *export(tmp_path, DIFFERING), "--ask", "none"]
    assert main([*arguments, "--json", "figures.json"]) == 1
    figures = json.loads((tmp_path / "figures.json").read_bytes())
    jsonschema.validate(figures, FIGURES)
    assert figures["counts"]["amount_differs"] == figures["needs_review"] == 1
    amounts = {(each["section"], each["name"]): each["value"] for each in figures["figures"]}
    assert amounts["bridge", "amount_differs"] == "1.00"
    capsys.readouterr()
    assert main([*arguments, "--json", "-"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["figures"] == figures["figures"]
    assert "SUMMARY rows=2" in shown.err


def test_reconcile__json_of_what_is_not_known_is_null(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = export(tmp_path, ({T1: "", T2: ""}, [(TAG_1, 20), (TAG_2, 30)]))
    assert main(["reconcile", *files, "--ask", "none", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)
    jsonschema.validate(figures, FIGURES)
    totals = {
        each["side"]: each["value"]
        for each in figures["figures"]
        if (each["section"], each["name"]) == ("amount", "total")
    }
    assert totals == {"TikTok": None, "Shopify": "50.00"}


def test_compare__tells_what_changed_between_two_reports(tmp_path, capsys):
    for name, orders in (("old", MATCHED), ("new", DIFFERING)):
        files = export(tmp_path, orders)
        main(["reconcile", *files, "--ask", "none", "-o", str(tmp_path / name)])
    capsys.readouterr()
    folders = [str(tmp_path / "old"), str(tmp_path / "new")]
    assert main(["compare", *folders]) == 1
    shown = capsys.readouterr()
    assert f"{T2},changed,matched,amount_differs" in shown.out
    assert shown.err == "1 changed\n"
    assert main(["compare", folders[0], folders[0], "-o", str(tmp_path / "changes.csv")]) == 0
    assert "nothing has changed → " in capsys.readouterr().err
    assert main(["compare", folders[0], str(tmp_path / "nowhere")]) == 2
    assert "name the report's folder" in capsys.readouterr().err
