"""Text from outside is no formula in a file of ours, and is what it was when the file is read back."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cell_texts import starts_a_formula, tricky
from support.match_frames import S1, S2, T1, T2, refs, shopify, tiktok

from ttsframe.columns import REFERENCES, TEXT_DTYPE, conform
from ttsframe.ids import clean_one
from ttsframe.matching import compare, match
from ttsframe.readers import read_references
from ttsframe.report import save_frame
from ttsframe.text import Note, by_weight, escape_formula, one_line, unescape_formula

# A column of text holds no half of a pair of surrogates.
column_texts = tricky.map(lambda text: text.encode(errors="replace").decode())
NAMES = ["-1001", "=2", "@AB;=2", "'-1001", "''=2", ";'=2", "-", "'x", "#1001", " -1 ", '+"a",b']


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        '"=1"',
        ' " =1',
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A",
        "\ufeff=1",
        "\u200b=1",
        "\u00a0=1",
        "-",
    ],
)
def test_harmless__puts_an_apostrophe_before_a_formula(text):
    assert starts_a_formula(text)
    assert escape_formula(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["", "577092126219211281", "#1001", "a=b", "TTOK-1", "x; y", "'1", "'a=1", "note; tag", "é"]
)
def test_harmless__leaves_other_text_alone(text):
    assert escape_formula(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\tb", "a\u2028b", "a\x00b", "a\x85b"])
def test_harmless__keeps_a_cell_on_one_line(text):
    assert escape_formula(text) == "a b"


def test_harmless__guards_what_follows_a_semicolon():
    assert escape_formula('x; =cmd|"/c calc"!A1') == 'x; \'=cmd|"/c calc"!A1'


def test_harmless__replaces_what_utf8_cannot_write():
    assert escape_formula("a\ud800b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["'=1", "''=1", "' -1", "a;'=1"])
def test_harmless__gives_one_more_apostrophe_where_there_are_some(text):
    assert sorted(escape_formula(text)) == sorted(f"{text}'")


@given(st.lists(tricky))
def test_as_given__undoes_what_harmless_does(texts):
    lines = [one_line(text) for text in texts]
    cells = pd.Series([escape_formula(text) for text in texts], dtype=TEXT_DTYPE)
    assert unescape_formula(cells).tolist() == lines


def test_as_given__keeps_the_index_and_what_is_missing():
    cells = pd.Series(["'=1", None, "b", "'-2"], index=[7, 7, 1, 0], dtype=TEXT_DTYPE)
    expected = pd.Series(["=1", None, "b", "-2"], index=[7, 7, 1, 0], dtype=TEXT_DTYPE)
    pd.testing.assert_series_equal(unescape_formula(cells), expected)
    assert cells.iloc[0] == "'=1"


def references(texts):
    """Two rows for each text: linked to what has this name, and asked about under this name."""
    rows = [{"order_id": T1, "external_order_id": text, "status": "linked"} for text in texts]
    rows += [
        {"order_id": text, "status": "invalid", "reason": "not_digits", "error_message": text}
        for text in texts
    ]
    data = {column.name: [row.get(column.name) for row in rows] for column in REFERENCES}
    data["platform"], data["from_cache"] = ["SHOPIFY"] * len(rows), [False] * len(rows)
    return conform(data, REFERENCES)


def as_read(text, *, is_id=True):
    """A text on one line; digits that a spreadsheet has wrapped are bare again."""
    line = one_line(text)
    bare, reason = clean_one(line)
    return (bare if is_id and reason is None else line) or None


def written_and_read(frame, path, ids):
    save_frame(frame, path, columns=REFERENCES, ids=ids)
    read = read_references(path)
    return read.astype("object").where(read.notna(), None)


@pytest.mark.parametrize(("suffix", "ids"), [("csv", "plain"), ("csv", "excel"), ("xlsx", "plain")])
@settings(max_examples=60)
@given(texts=st.lists(column_texts, min_size=1, max_size=8))
def test_references__any_text_reads_back_as_it_was(tmp_path_factory, suffix, ids, texts):
    read = written_and_read(references(texts), tmp_path_factory.getbasetemp() / f"r.{suffix}", ids)
    half = len(texts)
    assert read["external_order_id"][:half].tolist() == [as_read(text) for text in texts]
    assert read["error_message"][half:].tolist() == [as_read(text, is_id=False) for text in texts]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_references__names_of_signs_read_back_as_they_were(suffix, tmp_path):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    read = written_and_read(references(NAMES), tmp_path / f"r.{suffix}", "plain")
    assert read["external_order_id"][: len(NAMES)].tolist() == NAMES


def test_references__saved_ones_match_as_the_look_up_itself(tmp_path):
    ours = tiktok(T1, T2)
    theirs = shopify({"shopify_id": S1, "name": "-1001"}, {"shopify_id": S2, "name": "=2"})
    blank = {column.name: None for column in REFERENCES}
    answers = refs((T1, "-1001"), (T2, "=2"))
    found = conform({**blank, **answers, "from_cache": False}, REFERENCES, index=range(2))
    save_frame(found, tmp_path / "r.csv", columns=REFERENCES)
    fresh, saved = (match(ours, theirs, each).orders for each in (found, read_references(tmp_path / "r.csv")))
    assert fresh["status"].tolist() == ["matched", "matched"]
    pd.testing.assert_frame_equal(saved, fresh)


@pytest.mark.parametrize("ids", ["plain", "excel"])
def test_compare__a_folder_holds_names_of_signs_as_the_result_does(ids, tmp_path):
    lone = [{"shopify_id": None, "name": name, "source": "tiktok"} for name in NAMES]
    result = match(tiktok(T1), shopify(*lone))
    result.to_csv(tmp_path, ids=ids)
    assert set(NAMES) <= set(result.orders["shopify_name"].dropna())
    assert compare(result, tmp_path).empty


def test_notes__are_ordered_by_kind_and_keep_their_order_within_one():
    kinds = ["count", "decision", "warning", "left_out", "warning", "count"]
    notes = [Note(kind, f"{place}") for place, kind in enumerate(kinds)]
    assert [note.text for note in by_weight(notes)] == ["2", "4", "3", "1", "0", "5"]
