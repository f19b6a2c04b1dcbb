"""`Match`: its figures, files and showings; and `compare`."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, refs, shopify, tiktok

from ttsframe.columns import MATCH_COMPARED, MATCH_STATUSES, dtype
from ttsframe.errors import InputError
from ttsframe.matching import Match, compare, match
from ttsframe.text import Note


def sample():
    """A matched pair, a doubled order, one without Shopify order, and one of another sort."""
    ours = tiktok(T1, T2, T3).assign(source_file="All order.csv")
    theirs = shopify(marked(S1, T1), marked(S2, T2), marked(S3, T2, total=25.0), S4)
    return match(ours, theirs.assign(source_file="orders_export.csv"), refs((T1, S1), (T3, None)))


def value(result, section, name, **where):
    """The one value of the summary with this section and name, and perhaps this side and currency."""
    summary = result.summary
    for column, text in {"section": section, "name": name, **where}.items():
        summary = summary[summary[column] == text]
    return summary["value"].item()


def test_result__counts_hold_every_status():
    counts = sample().counts
    assert list(counts.index) == list(MATCH_STATUSES)
    assert counts[counts > 0].to_dict() == {"matched": 1, "duplicate": 2, "only_tiktok": 1}
    assert counts.name == "rows"


def test_result__exceptions_are_by_cause_and_a_copy():
    result = match(tiktok(T1, T2), shopify(marked(S1, T1)))
    changed = result.exceptions
    changed["rows"] = 0
    assert result.exceptions[["status", "reason", "rows"]].to_numpy().tolist() == [
        ["only_tiktok", "no_mark", 1]
    ]
    assert result.exceptions["advice"].str.startswith("Look the orders up").all()


def test_result__is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample().orders = None


def test_result__totals_count_each_order_once():
    result = sample()
    assert value(result, "amount", "total", side="TikTok", currency="USD") == 60.0
    assert value(result, "amount", "total", side="Shopify", currency="USD") == 65.0
    assert value(result, "rows", "duplicate") == 2
    assert value(result, "matched_on", "reference") == 1


def test_result__totals_tell_apart_what_is_cancelled_or_refunded():
    gone = {"cancelled": True, "paid_at": None, "amount": 7.0}
    ours = tiktok(T1, {"order_id": T2, **gone}, {"order_id": T3, "refunded": 20.0}, T4)
    theirs = shopify(
        marked(S1, T1), marked(S3, T3, financial_status="refunded"), marked(S4, T4, cancelled=True)
    )
    result = match(ours, theirs)
    assert result.counts[result.counts > 0].to_dict() == {"matched": 2, "state_differs": 1, "not_expected": 1}
    shown = {
        name: value(result, "amount", name, side="TikTok", currency="USD")
        for name in result.counts[result.counts > 0].index
    }
    assert shown == {"matched": 20.0, "state_differs": 20.0, "not_expected": 0.0}
    for side, stands, closed in (("TikTok", 40.0, 27.0), ("Shopify", 20.0, 40.0)):
        amounts = [
            value(result, "amount", name, side=side, currency="USD")
            for name in ("total", "cancelled_or_refunded")
        ]
        assert amounts == [stands, closed]
        assert value(result, "amount", "gross", side=side, currency="USD") == stands + closed


def test_result__partial_refunds_stay_in_the_totals():
    result = match(tiktok({"order_id": T1, "refunded": 5.0}), shopify(marked(S1, T1)))
    assert value(result, "amount", "total", side="TikTok", currency="USD") == 20.0
    assert "gross" not in result.summary["name"].tolist()


def test_result__provenance_cannot_be_changed():
    given = {"made at": "today"}
    result = Match(sample().orders, provenance=given)
    with pytest.raises(TypeError):
        result.provenance["made at"] = "yesterday"
    given["made at"] = "yesterday"
    assert result.provenance["made at"] == "today"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_result__can_be_copied_and_pickled(copied):
    result = sample()
    other = copied(result)
    pd.testing.assert_frame_equal(other.summary, result.summary)
    assert dict(other.provenance) == dict(result.provenance)


def test_result__provenance_names_files_and_version():
    made = sample().provenance
    assert made["TikTok"] == "3 rows"
    assert made["TikTok file All order.csv"] == "3 orders"
    assert made["Shopify file orders_export.csv"] == "4 orders"
    assert made["look-up"] == "2 rows"
    assert {"made at", "ttsframe"} <= set(made)


def test_result__days_are_tiktoks_or_else_shopifys():
    theirs = shopify(marked(S1, T1), marked(S2, T2, created_at="2026-11-20 08:00:00+00:00"))
    result = match(tiktok(T1), theirs)
    assert result.details["day"].tolist() == [pd.Timestamp("2026-11-10"), pd.Timestamp("2026-11-20")]


def test_result__days_of_a_frame_in_utc_are_utc():
    ours = tiktok({"order_id": T1, "created_at": "2026-11-10 23:30:00"})
    zoned = ours.assign(created_at=ours["created_at"].dt.tz_localize("America/New_York"))
    assert match(zoned, shopify(marked(S1, T1))).details["day"].tolist() == [pd.Timestamp("2026-11-11")]


def test_to_csv__writes_orders_summary_and_what_needs_work(tmp_path):
    written = sample().to_csv(tmp_path / "report")
    assert sorted(path.name for path in written) == [
        "duplicate.csv",
        "only_tiktok.csv",
        "orders.csv",
        "summary.csv",
    ]
    orders = pd.read_csv(tmp_path / "report" / "orders.csv", dtype=str, encoding="utf-8-sig")
    assert orders["order_id"].tolist() == [T1, T2, T2, T3]
    assert len(pd.read_csv(tmp_path / "report" / "duplicate.csv")) == 2


def test_to_csv__ids_may_be_wrapped_for_excel(tmp_path):
    sample().to_csv(tmp_path, ids="excel")
    assert f'=""{T1}""' in (tmp_path / "orders.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(("method", "name"), [("to_excel", "report.xlsx"), ("to_html", "report.html")])
def test_to_file__takes_a_file_or_a_folder(tmp_path, method, name):
    write = getattr(sample(), method)
    assert write(tmp_path) == tmp_path / name
    assert write(f"{tmp_path}/new/") == tmp_path / "new" / name
    own = tmp_path / f"mine{(tmp_path / name).suffix}"
    assert write(own) == own
    assert own.stat().st_size > 1000


@pytest.mark.parametrize(
    ("method", "name"), [("to_excel", "r.xls"), ("to_excel", "r.csv"), ("to_html", "r.xlsx")]
)
def test_to_file__refuses_another_suffix_and_names_its_own(tmp_path, method, name):
    suffix = {"to_excel": ".xlsx", "to_html": ".html"}[method]
    with pytest.raises(InputError, match=rf"r\{suffix}"):
        getattr(sample(), method)(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_to_csv__refuses_a_name_of_a_file(tmp_path):
    with pytest.raises(InputError, match="name a folder"):
        sample().to_csv(tmp_path / "report.csv")
    assert not (tmp_path / "report.csv").exists()
    (tmp_path / "report.csv").mkdir()
    assert sample().to_csv(tmp_path / "report.csv")


def test_to_file__takes_its_suffix_in_capitals(tmp_path):
    assert sample().to_excel(tmp_path / "REPORT.XLSX").is_file()


def test_result__shows_itself_as_text_and_html():
    result = sample()
    assert repr(result) == str(result)
    assert "matched" in repr(result)
    assert len(repr(result).splitlines()) < 40
    assert "<" in result._repr_html_()
    assert T1 not in repr(result)


def test_result__plots():
    pytest.importorskip("matplotlib")
    figure = sample().plot()
    assert figure.axes


def test_result__notes_are_in_the_summary():
    result = sample()
    assert result.notes == (
        Note("count", "Shopify orders with no link to TikTok, not listed: 1."),
        Note("count", "The references hold 2 of the 3 TikTok orders."),
    )
    assert result.notes[0].text in result.summary["value"].tolist()


def before_and_after():
    ours = tiktok(T1, T2, T3)
    before = match(ours, shopify(marked(S1, T1), marked(S2, T2)), refs((T3, None)))
    later = tiktok(T1, T2, T4)
    theirs = shopify(marked(S1, T1), marked(S2, T2, total=30.0), marked(S3, T4))
    return before, match(later, theirs)


def test_compare__tells_what_changed_is_gone_and_is_new():
    changes = compare(*before_and_after()).set_index("order_id")
    assert changes["change"].to_dict() == {T2: "changed", T3: "gone", T4: "new"}
    assert changes.loc[T2, ["status_before", "status_after"]].tolist() == ["matched", "amount_differs"]
    assert changes.loc[T2, ["shopify_total_before", "shopify_total_after"]].tolist() == [20.0, 30.0]


def test_compare__tells_what_is_newly_linked():
    before = match(tiktok(T1), shopify(S1), refs((T1, None)))
    after = match(tiktok(T1), shopify(S1), refs((T1, S1)))
    (change,) = compare(before, after).to_dict("records")
    assert (change["order_id"], change["change"]) == (T1, "newly_linked")
    assert (change["reason_before"], change["shopify_after"]) == ("unlinked", S1)


def test_compare__a_guess_is_newly_linked_once_it_is_proven():
    before = match(tiktok(T1), shopify(S1), probable=True)
    (change,) = compare(before, match(tiktok(T1), shopify(S1), refs((T1, S1)))).to_dict("records")
    assert (change["status_before"], change["status_after"]) == ("probable", "matched")
    assert change["change"] == "newly_linked"


def test_compare__of_the_same_is_empty_and_typed():
    changes = compare(sample(), sample())
    assert changes.empty
    assert [changes[column.name].dtype for column in MATCH_COMPARED] == [
        dtype(column) for column in MATCH_COMPARED
    ]


def test_compare__gathers_the_rows_of_an_order():
    before = match(tiktok(T1), shopify(marked(S1, T1)))
    after = match(tiktok(T1), shopify(marked(S2, T1), marked(S1, T1)))
    (change,) = compare(before, after).to_dict("records")
    assert (change["change"], change["shopify_after"]) == ("changed", f"{S1}; {S2}")
    assert change["shopify_total_after"] == 40.0


def test_compare__knows_shopify_orders_without_a_tiktok_order():
    lone = shopify({"shopify_id": S1, "source": "tiktok"})
    (change,) = compare(match(tiktok(), lone), match(tiktok(), shopify())).to_dict("records")
    assert pd.isna(change["order_id"])
    assert (change["change"], change["shopify_before"]) == ("gone", S1)


def test_compare__finds_a_lone_shopify_order_again_by_its_name(tmp_path):
    lone = {"shopify_id": None, "name": "#1001", "source": "tiktok", "total": 20.0}
    before, after = (
        match(tiktok(), shopify({**lone, **more})) for more in ({}, {"name": "1001", "total": 30.0})
    )
    before.to_csv(tmp_path)
    for earlier in (before, tmp_path):
        (change,) = compare(earlier, after).to_dict("records")
        assert pd.isna(change["order_id"])
        assert (change["change"], change["shopify_total_after"]) == ("changed", 30.0)


@pytest.mark.parametrize("ids", ["plain", "excel"])
def test_compare__reads_report_folders_back(tmp_path, ids):
    before, after = before_and_after()
    for name, result in (("before", before), ("after", after)):
        result.to_csv(tmp_path / name, ids=ids)
    expected = compare(before, after)
    pd.testing.assert_frame_equal(compare(tmp_path / "before", str(tmp_path / "after")), expected)
    assert compare(before, tmp_path / "before").empty


def test_compare__reads_a_report_that_a_spreadsheet_has_saved(tmp_path):
    before, after = before_and_after()
    before.to_csv(tmp_path)
    path = tmp_path / "orders.csv"
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    amounts = [name for name in frame if name.endswith(("_amount", "_total"))]
    frame[amounts] = frame[amounts].replace(r"\.", ",", regex=True)
    frame.to_csv(path, sep=";", index=False)
    pd.testing.assert_frame_equal(compare(tmp_path, after), compare(before, after))
    path.write_text(path.read_text().replace("20,00", "twenty"))
    assert compare(tmp_path, before)["tiktok_amount_before"].isna().all()


@pytest.mark.parametrize("rounded", ["5.77E+17", "577092126219200000"])
def test_compare__refuses_ids_that_a_spreadsheet_has_rounded(tmp_path, rounded):
    whole = [f"5770921262192{place:05}" for place in range(1, 12)]
    result = match(tiktok(*whole), shopify(S1))
    result.to_csv(tmp_path)
    path = tmp_path / "orders.csv"
    text = path.read_text(encoding="utf-8-sig")
    for place, order_id in enumerate(whole):
        text = text.replace(order_id, rounded if "E" in rounded else str(int(rounded) + 1000 * place))
    path.write_text(text)
    with pytest.raises(InputError, match=r"order_id lost their last digits .* write the report again"):
        compare(tmp_path, result)


def test_compare__reads_amounts_of_three_decimals_back(tmp_path):
    result = match(
        tiktok({"order_id": T1, "amount": 12.5, "currency": "KWD"}), shopify(marked(S1, T1, total=12.5))
    )
    result.to_csv(tmp_path)
    assert "12.500" in (tmp_path / "orders.csv").read_text()
    assert compare(tmp_path, result).empty


def test_compare__folder_without_a_report_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"orders\.csv"):
        compare(tmp_path, sample())
    (tmp_path / "orders.csv").write_text("order_id,x\n1,2\n")
    with pytest.raises(InputError, match="no column"):
        compare(tmp_path, sample())


def test_result__can_be_made_by_hand():
    result = sample()
    assert Match(result.orders).counts.equals(result.counts)
    assert repr(Match(result.orders))
