"""References that went through a spreadsheet: ids that it has rounded are never believed."""

from __future__ import annotations

import warnings
from contextlib import nullcontext

import pandas as pd
import pytest
from support.match_frames import refs, rows, shopify, tiktok

from ttsframe.cli import main
from ttsframe.columns import REFERENCES, conform
from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.matching import match
from ttsframe.readers import read_references
from ttsframe.report import save_frame

FIRST = 580_194_009_000_000_101
IDS = [str(FIRST + place) for place in range(12)]
EXTERNAL = [f"52770000000{place:02d}" for place in range(12)]
SCIENTIFIC = "5.80194E+17"


def with_ids(order_ids, external=EXTERNAL, **columns):
    return refs(*zip(order_ids, external, strict=True)).assign(**columns)


def saved(frame, folder, suffix="csv"):
    blank = {column.name: None for column in REFERENCES}
    path = folder / f"refs.{suffix}"
    save_frame(
        conform({**blank, **frame, "from_cache": False}, REFERENCES, index=frame.index),
        path,
        columns=REFERENCES,
    )
    return path


def matched_from(frame, folder, way):
    """What `match` makes of references given as a frame, or read back from a file."""
    given = frame if way == "frame" else read_references(saved(frame, folder, way))
    return match(tiktok(*IDS), shopify(*EXTERNAL), given)


def exports(folder):
    """Two files of plain orders, as the shell is given them."""
    pd.DataFrame({"Order ID": IDS, "Order Amount": 20}).to_csv(folder / "t.csv", index=False)
    pd.DataFrame({"Name": "#1", "Id": EXTERNAL, "Total": 20, "Financial Status": "paid"}).to_csv(
        folder / "s.csv", index=False
    )
    return ["--tiktok", str(folder / "t.csv"), "--shopify", str(folder / "s.csv")]


every_way = pytest.mark.parametrize("way", ["frame", "csv", "xlsx"])


@every_way
@pytest.mark.parametrize("lost", [7, 12])
def test_references__most_order_ids_lost_are_refused(lost, way, tmp_path):
    spoilt = with_ids([SCIENTIFIC] * lost + IDS[lost:])
    with pytest.raises(InputError, match="the order ids lost their last digits in a spreadsheet; look up"):
        matched_from(spoilt, tmp_path, way)


@every_way
@pytest.mark.parametrize("spelling", [SCIENTIFIC, "5,80194e+17", "5.277E+12"])
def test_references__most_external_ids_lost_are_refused(spelling, way, tmp_path):
    spoilt = with_ids(IDS, [spelling] * 7 + EXTERNAL[7:])
    with pytest.raises(InputError, match="the external order ids lost their last digits"):
        matched_from(spoilt, tmp_path, way)


@every_way
def test_references__ids_that_all_end_in_000_are_refused(way, tmp_path):
    rounded = [f"{order_id[:13]}{place:02d}000" for place, order_id in enumerate(IDS)]
    with pytest.raises(InputError, match=r"the order ids lost .*: all 12 end in 000; look up"):
        matched_from(with_ids(rounded), tmp_path, way)
    with pytest.raises(InputError, match=r"the external order ids lost .*: all 12 end in 000; look up"):
        matched_from(with_ids(IDS, rounded), tmp_path, way)
    # A Shopify id has 13 digits, which a spreadsheet keeps: its zeros are its own.
    zeros = [f"52770000{place:02d}000" for place in range(12)]
    assert set(match(tiktok(*IDS), shopify(*zeros), with_ids(IDS, zeros)).orders["status"]) == {"matched"}


@every_way
def test_references__few_lost_ones_are_left_out_and_told(way, tmp_path):
    spoilt = with_ids([SCIENTIFIC, SCIENTIFIC, *IDS[2:]], [*EXTERNAL[:11], "5.277E+12"])
    result = matched_from(spoilt, tmp_path, way)
    assert result.orders["status"].value_counts().to_dict() | {} == {
        **dict.fromkeys(result.orders["status"].cat.categories, 0),
        "matched": 9,
        "unknown": 3,
    }
    told = [note.text for note in result.notes if "lost their last digits" in note.text]
    assert [note.partition(": ")[2].partition(" lost")[0] for note in told] == [
        "2 rows left out, whose order ids",
        "1 row left out, whose external order ids",
    ]


def test_references__few_that_end_in_000_are_told(tmp_path):
    rounded = [f"{IDS[0][:13]}{place:02d}000" for place in range(9)]
    notes = read_references(saved(with_ids(rounded, EXTERNAL[:9]), tmp_path)).attrs["notes"]
    assert [note.partition(": ")[2].partition(",")[0] for note in map(str, notes)] == [
        "every order id ends in 000"
    ]


@every_way
def test_references__the_look_up_s_own_word_on_a_lost_id_stays(way, tmp_path):
    frame = pd.concat(
        [
            with_ids(
                [SCIENTIFIC, "6.1E+17"],
                [None] * 2,
                status="invalid",
                reason="digits_lost",
                platform="SHOPIFY",
            ),
            with_ids(IDS[:1], EXTERNAL[:1]),
        ],
        ignore_index=True,
    )
    given = frame if way == "frame" else read_references(saved(frame, tmp_path, way))
    assert given["status"].tolist() == ["invalid", "invalid", "linked"]
    assert rows(tiktok(SCIENTIFIC, IDS[0]), shopify(EXTERNAL[0]), given)[0][2:] == ("unknown", "digits_lost")


@pytest.mark.parametrize("name", ["12E3", "1E+", "A1E+5", "#5E+3"])
def test_references__an_order_s_name_is_no_lost_id(name, tmp_path):
    result = match(
        tiktok(IDS[0]), shopify({"shopify_id": EXTERNAL[0], "name": name}), with_ids(IDS[:1], [name])
    )
    assert result.orders["status"].tolist() == ["matched"]


def test_reconcile__spoilt_references_are_refused(tmp_path, capsys):
    path = saved(with_ids([SCIENTIFIC] * 12), tmp_path)
    files = exports(tmp_path)
    assert main(["reconcile", *files, "--refs", str(path), "-o", str(tmp_path / "report")]) == 2
    assert capsys.readouterr().err == (
        f"ttsframe: {path}: the order ids lost their last digits in a spreadsheet; look up again, and "
        "save as XLSX.\n"
    )
    assert not (tmp_path / "report").exists()


def test_references__of_other_orders_are_doubted(tmp_path):
    others = with_ids([str(FIRST + 500 + place) for place in range(12)])
    says = "The references hold 0 of the 12 TikTok orders: is this the look-up of these orders\\?"
    with pytest.warns(SuspiciousInputWarning, match=says) as told:
        result = matched_from(others, tmp_path, "csv")
    assert told[0].filename == __file__
    assert [note.text for note in result.notes if "references" in note.text] == [str(told[0].message)]


@pytest.mark.parametrize(("held", "says"), [(1, ["?"]), (2, ["."]), (11, ["."]), (12, [])])
def test_references__of_some_of_the_orders_are_counted(held, says, tmp_path):
    given = with_ids(IDS[:held], EXTERNAL[:held])
    with pytest.warns(SuspiciousInputWarning) if says == ["?"] else nullcontext():
        result = matched_from(given, tmp_path, "frame")
    notes = [note for note in map(str, result.notes) if note.startswith(f"The references hold {held} of ")]
    assert [note[-1] for note in notes] == says
    # Whether an order was answered is told in its row; here it counts that it was asked.
    failed = matched_from(with_ids(IDS, [None] * 12, status="failed", reason="timeout"), tmp_path, "frame")
    assert not any("references hold" in note.text for note in failed.notes)


def test_reconcile__references_of_other_orders_are_doubted_in_the_shell(tmp_path, capsys):
    files = exports(tmp_path)
    others = with_ids([str(FIRST + 500 + place) for place in range(12)])
    arguments = [*files, "--refs", str(saved(others, tmp_path)), "-o", str(tmp_path / "report")]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["reconcile", *arguments]) == 1
    out, err = capsys.readouterr()
    says = "The references hold 0 of the 12 TikTok orders: is this the look-up of these orders?"
    assert err == f"ttsframe: note: {says}\n"
    assert "The references hold 0 of the 12" in out


def test_references__of_another_file_name_what_it_lacks(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        InputError, match=r"is not a file of references .* it has no column order_id, platform"
    ):
        read_references(tmp_path / "notes.csv")
