"""Frames of any form, through `lookup(offline=True)`, `plan`, `attach`, `match`, `compare` and the reports."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Hashable
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import python_calamine
from fuzz import oracle
from fuzz.checks import Wrong, check_any_result, compare_with_oracle, none_if_missing, odd, snapshot
from fuzz.known import tries

import ttsframe as tts
from ttsframe.config import Settings

_NOON = dt.datetime(2026, 11, 10, 12)
_CURRENCIES = [
    ["USD"],
    ["USD", "EUR", None],
    ["JPY"],
    ["KWD"],
    ["usd", "USD", " USD"],
    [None],
    ["USD", "GBP"],
]
_MONEY = {0: ["0", "10", "11", "12", "1255"], 2: ["0", "10", "10.01", "10.02", "20.5", "0.29"], 3: ["0", "1.255", "1.254", "12.5", "12.504"]}  # fmt: skip
_SOURCES = ["tag", "note_attribute", "note", "name", "source_identifier"]
_REASONS = {"failed": "timeout", "denied": "not_this_shop", "skipped": "offline", "invalid": "refused_id"}
_CLUSTERS = 24


def attempt(rng, folder):
    """Try one call; return how many independent inputs it held, and the outcome of each."""
    kind = rng.choices([_matching, _odd_matching, _looking_up, _odd_looking_up], [6, 2, 2, 2])[0]
    return kind(rng, folder)


# Worlds: orders as plain values, in clusters that have nothing to do with each other.


def world(rng, clusters=_CLUSTERS):
    """TikTok orders, Shopify orders and references of several clusters, as plain dicts."""
    currencies = rng.choice(_CURRENCIES)
    if currencies == ["KWD"] and not tries("three_decimals"):
        currencies = ["USD"]
    money = [Decimal(text) for text in _MONEY[oracle.digits_of(currencies[0])]]
    has_paid_at = rng.random() < 0.8
    parts = [_cluster(rng, number, currencies, money, has_paid_at) for number in range(clusters)]
    tiktok, shopify, refs = (list(itertools.chain.from_iterable(side)) for side in zip(*parts, strict=True))
    for side in (tiktok, shopify, refs):
        rng.shuffle(side)
    if rng.random() < 0.5:
        for order in shopify:
            order["from_tiktok"] = rng.random() < 0.5
    return tiktok, shopify, refs if rng.random() < 0.7 else None


def _cluster(rng, number, currencies, money, has_paid_at):
    ids = [f"5772{number:04}{rng.randrange(10**9):09}{digit}" for digit in range(1, 5)]
    shopify_ids = [f"52{number:04}{rng.randrange(10**6):06}{digit}" for digit in range(1, 5)]
    names = [f"#{number:04}{digit}" for digit in range(1, 4)]
    some = lambda *values: rng.choice([*values, None])  # noqa: E731
    created = lambda: rng.choice([_NOON, _NOON + dt.timedelta(hours=25), _NOON - dt.timedelta(days=40), None])  # noqa: E731
    tiktok = []
    for order_id in rng.sample(ids[:3], rng.randrange(4)):
        paid_at, refunded = some(_NOON), some(*money)
        tiktok.append(
            {
                "order_id": order_id, "bad": None, "status": some("Completed", "Canceled"),
                "cancelled": rng.random() < 0.25, "paid_at": paid_at, "amount": some(*money),
                "refunded": refunded, "discount": some(*money), "currency": rng.choice(currencies),
                "unpaid": has_paid_at and paid_at is None and not (refunded or 0) > 0, "created": created(),
                "has_paid_at": has_paid_at,
            }
        )  # fmt: skip
    if rng.random() < 0.1:
        bad = [("x-", "not_digits")]
        bad += [("9" * 20, "too_long")] * tries("long_ids") + [("٣", "not_digits")] * tries("other_digits")
        text, reason = rng.choice(bad)
        tiktok.append({**tiktok[0], "order_id": f"{text}{number}1", "bad": reason} if tiktok else None)
    shopify = []
    for shopify_id in rng.sample(shopify_ids[:3], rng.randrange(4)):
        marks = [(rng.choice(_SOURCES), rng.choice(ids)) for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))]
        shopify.append(
            {
                "shopify_id": rng.choice([shopify_id] * 9 + [None]), "name": rng.choice([*names, None]),
                "cancelled": rng.random() < 0.2, "total": some(*money), "refunded": some(*money),
                "financial_status": some("paid", "refunded", "voided", "Voided", "partially_refunded"),
                "source": some("web", "tiktok", "TikTok", "3356259"), "currency": rng.choice(currencies),
                "marks": marks, "created": created(),
            }
        )  # fmt: skip
        if not shopify[-1]["shopify_id"] and not shopify[-1]["name"] and not tries("nameless_conflicts"):
            shopify[-1]["name"] = names[0]
    refs = []
    for order_id in rng.choices(ids, k=rng.choice([0, 1, 2, 4])):
        status = rng.choice(["linked", "linked", "linked", "unlinked", *_REASONS])
        external = rng.choice([*shopify_ids, *names, f"{number:04}1", f"# {number:04}2"])
        refs.append(
            {
                "order_id": order_id, "external": external if status == "linked" else None, "status": status,
                "reason": _REASONS.get(status), "platform": rng.choice(["SHOPIFY"] * 4 + ["AMAZON"]),
            }
        )  # fmt: skip
    return [order for order in tiktok if order], shopify, refs


# The same values as columns of many forms.


def _texts(rng, values, *, category=True):
    forms = ["object", "str", "string", "string[python]", "arrow", "large", "nan", "na"]
    forms += ["view"] * tries("string_view")
    form = rng.choice([*forms, "category"] if category else forms)
    types = {"arrow": pa.string(), "large": pa.large_string(), "view": pa.string_view()}
    if form in types:
        return pd.Series(pd.array(values, dtype=pd.ArrowDtype(types[form])))
    if form == "nan":
        return pd.Series([float("nan") if value is None else value for value in values], dtype=object)
    if form == "na":
        return pd.Series([pd.NA if value is None else value for value in values], dtype=object)
    series = pd.Series(values, dtype=object)
    return series if form == "object" else series.astype(form)


def _dressed(rng, text):
    """An id as spreadsheets and export buttons leave it."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 20:
        return text
    return rng.choice(
        [text, text, f"'{text}", f'="{text}"', f" {text}\t", f"{text}.0", f"\ufeff{text}", f'"{text}"']
    )


def _ids(rng, values):
    form = rng.choice(["text", "text", "dressed", "int", "mixed", "decimal"])
    whole = all(value is None or (value.isascii() and value.isdigit() and int(value) < 2**63) for value in values)  # fmt: skip
    if form == "int" and whole and values:
        numbers = [None if value is None else int(value) for value in values]
        return pd.Series(pd.array(numbers, dtype=rng.choice(["Int64", "UInt64", "int64[pyarrow]"])))
    if form == "mixed":
        return pd.Series([int(value) if value and value.isascii() and value.isdigit() and value[0] != "0" and rng.random() < 0.5
                          else _dressed(rng, value) for value in values], dtype=object)  # fmt: skip
    if form == "decimal":
        return pd.Series([Decimal(value) if value and value.isascii() and value.isdigit() and value[0] != "0" else value
                          for value in values], dtype=object)  # fmt: skip
    if form == "dressed":
        values = [_dressed(rng, value) for value in values]
    return _texts(rng, values)


def _amounts(rng, values):
    forms = ["float64", "Float64", "double[pyarrow]", "decimal", "object", "text"]
    form = rng.choice(forms + ["arrow decimal"] * tries("arrow_decimal"))
    if form == "decimal":
        return pd.Series(values, dtype=object)
    if form == "arrow decimal":
        return pd.Series(pd.array(values, dtype=pd.ArrowDtype(pa.decimal128(20, 4))))
    if form == "text":
        return _texts(rng, [None if value is None else str(value) for value in values])
    floats = [None if value is None else float(value) for value in values]
    return pd.Series(floats, dtype=object) if form == "object" else pd.Series(pd.array(floats, dtype=form if form != "float64" else "Float64")).astype(form)  # fmt: skip


def _flags(rng, values):
    form = rng.choice(["bool", "boolean", "object", "text", "int", "category", "bool[pyarrow]"])
    series = pd.Series(values, dtype=bool)
    if form == "text":
        return series.map({True: rng.choice(["true", "TRUE", "1", "yes"]), False: rng.choice(["false", "", "0"])})  # fmt: skip
    if form == "int":
        return series.astype(int)
    if form in ("object", "boolean") and len(series):
        series = series.astype(object)
        series[~series.astype(bool)] = rng.choice([False, None if form == "object" else pd.NA])
    return series.astype(form)


def _times(rng, values):
    form = rng.choice(["naive", "utc", "zone", "iso", "object", "arrow", "seconds"])
    series = pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), dtype="datetime64[us]")
    if form == "utc":
        return series.dt.tz_localize("UTC")
    if form == "zone":
        return series.dt.tz_localize("UTC").dt.tz_convert(rng.choice(["Asia/Tokyo", "America/New_York"]))
    if form == "iso":
        return _texts(rng, [None if value is None else value.isoformat() for value in values])
    if form == "object":
        return pd.Series(values, dtype=object)
    if form == "seconds":
        return series.astype("datetime64[s]")
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(pa.timestamp("us")))) if form == "arrow" else series


def frames_of(rng, tiktok, shopify, refs):
    """Write plain orders out as frames of many forms."""
    column = lambda rows, name: [row[name] for row in rows]  # noqa: E731
    ours = {
        "order_id": _ids(rng, column(tiktok, "order_id")),
        "status": _texts(rng, column(tiktok, "status")),
        "cancelled": _flags(rng, column(tiktok, "cancelled")),
        "created_at": _times(rng, column(tiktok, "created")),
        "currency": _texts(rng, column(tiktok, "currency")),
        "amount": _amounts(rng, column(tiktok, "amount")),
        "refunded": _amounts(rng, column(tiktok, "refunded")),
        "platform_discount": _amounts(rng, column(tiktok, "discount")),
    }
    if not tiktok or tiktok[0]["has_paid_at"]:
        ours["paid_at"] = _times(rng, column(tiktok, "paid_at"))
    theirs = {
        "shopify_id": _ids(rng, column(shopify, "shopify_id")),
        "name": _texts(rng, column(shopify, "name")),
        "cancelled": _flags(rng, column(shopify, "cancelled")),
        "created_at": _times(rng, column(shopify, "created")),
        "currency": _texts(rng, column(shopify, "currency")),
        "total": _amounts(rng, column(shopify, "total")),
        "refunded": _amounts(rng, column(shopify, "refunded")),
        "financial_status": _texts(rng, column(shopify, "financial_status")),
        "source": _texts(rng, column(shopify, "source")),
        "tiktok_order_id": _ids(rng, [row["marks"][0][1] if row["marks"] else None for row in shopify]),
        "tiktok_order_id_from": _texts(rng, [row["marks"][0][0] if row["marks"] else None for row in shopify]),
        "tiktok_marks": _texts(
            rng, ["; ".join(":".join(mark) for mark in row["marks"]) or None for row in shopify], category=False
        ),
    }  # fmt: skip
    if shopify and "from_tiktok" in shopify[0]:
        theirs["from_tiktok"] = _flags(rng, column(shopify, "from_tiktok"))
    told = refs and {
        "order_id": _ids(rng, column(refs, "order_id")),
        "platform": _texts(rng, column(refs, "platform")),
        "external_order_id": _texts(rng, [_gid(rng, text) for text in column(refs, "external")]),
        "status": _texts(rng, column(refs, "status")),
        "reason": _texts(rng, column(refs, "reason")),
    }
    return [None if data is None else _frame(rng, data) for data in (ours, theirs, told or None)]


def _gid(rng, text):
    if text and text.isdigit() and len(text) > 10 and rng.random() < 0.3:
        return rng.choice([f"gid://shopify/Order/{text}", f"gid://shopify/Order/{text}?key=1", f"'{text}"])
    return text


def _frame(rng, data):
    frame = pd.DataFrame(data)
    if rng.random() < 0.2:
        frame[rng.choice(["extra", 7, (1, 2), None])] = 1
    form = rng.random()
    if form < 0.1:
        frame.index = [0] * len(frame)
    elif form < 0.2:
        frame.index = pd.MultiIndex.from_arrays([range(len(frame)), ["x"] * len(frame)])
    elif form < 0.3:
        frame.index = range(len(frame), 0, -1)
    elif form < 0.35:
        frame.index = pd.Index([None] * len(frame), dtype=object, name="order_id")
    return frame[rng.sample(list(frame.columns), frame.shape[1])] if rng.random() < 0.3 else frame


# `match`, on what the oracle can judge, and on what it cannot.


def _matching(rng, folder):
    tiktok, shopify, refs = world(rng)
    frames = frames_of(rng, tiktok, shopify, refs)
    tolerance = rng.choice([0.01, 0.01, 0, 1])
    one_currency = len({str(row["currency"]).strip().upper() for row in (*tiktok, *shopify)}) <= 1
    probable = one_currency and rng.random() < 0.3 and _naive(tiktok, shopify)
    before = [snapshot(frame) for frame in frames]
    result = tts.match(*frames, tolerance=tolerance, probable=probable)
    if repr(before) != repr([snapshot(frame) for frame in frames]):
        raise Wrong("match changes the caller's frame")
    expected = oracle.reconcile(tiktok, shopify, refs, tolerance=tolerance, probable=probable)
    compare_with_oracle(result, expected)
    _render(rng, result, folder)
    return _CLUSTERS, Counter(right=_CLUSTERS)


def _naive(tiktok, shopify):
    """Guesses go by amounts of all clusters together: few enough orders for the oracle's loops."""
    return len(tiktok) * len(shopify) < 10_000


def _render(rng, result, folder):
    """Write the reports now and then, and read them back."""
    choice = rng.random()
    if choice < 0.1:
        ids = rng.choice(["plain", "excel"])
        result.to_csv(folder / "report", ids=ids)
        changed = tts.compare(result, folder / "report")
        if len(changed):
            raise Wrong(f"to_csv does not read back: {changed.head(2).to_dict('records')}")
    elif choice < 0.13:
        page = result.to_html(folder / "report.html").read_text(encoding="utf-8")
        missing = [text for text in result.orders["order_id"].dropna().head(20) if text.isdigit() and text not in page]  # fmt: skip
        if missing:
            raise Wrong(f"to_html leaves orders out: {missing[:3]}")
    elif choice < 0.16:
        path = result.to_excel(folder / "report.xlsx")
        cells = {cell for row in _sheet(path, "orders") for cell in row}
        missing = set(result.orders["order_id"].dropna()) - cells
        if missing:
            raise Wrong(f"to_excel leaves orders out: {sorted(missing)[:3]}")
    elif choice < 0.2:
        repr(result)
        result._repr_html_()


def _sheet(path, name):
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    name = next((sheet for sheet in book.sheet_names if name in sheet.lower()), book.sheet_names[0])
    return book.get_sheet_by_name(name).to_python()


def _odd_matching(rng, folder):
    frames = frames_of(rng, *world(rng, clusters=3))
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.randrange(3)
        frames[place] = _spoilt(rng, frames[place])
    options = {}
    if rng.random() < 0.2:
        options[rng.choice(["tolerance", "probable", "settlement"])] = odd(rng)
    elif rng.random() < 0.3:
        options["settlement"] = _spoilt(rng, _settlement(rng, frames[0]))
    try:
        result = tts.match(*frames, **options)
        check_any_result(result, [])
        _render(rng, result, folder)
    except tts.TtsframeError:
        return 1, Counter(refused=1)
    return 1, Counter(right=1)


def _settlement(rng, tiktok):
    if not isinstance(tiktok, pd.DataFrame) or "order_id" not in tiktok or not len(tiktok):
        return None
    ids = tiktok["order_id"].drop_duplicates().tolist() if tiktok["order_id"].ndim == 1 and rng.random() < 0.5 else ["", "-", "580194009000000101"]  # fmt: skip
    return pd.DataFrame({"order_id": ids, "settled_amount": 1.5})


def _spoilt(rng, frame):
    """Put something odd into a frame, or in its place."""
    if not isinstance(frame, pd.DataFrame) or not frame.shape[1] or rng.random() < 0.03:
        return odd(rng)
    choice = rng.random()
    if choice < 0.6 and len(frame):
        place = rng.randrange(frame.shape[1])
        values = list(frame.iloc[:, place].array)
        for _ in range(rng.choice([1, 1, 3, len(values)])):
            values[rng.randrange(len(values))] = odd(rng)
        column = pd.Series([None] * len(values), index=frame.index, dtype=object)
        for row, value in enumerate(values):
            column.array[row] = value
        if rng.random() < 0.3:
            try:
                column = column.astype(rng.choice(["category", "string", "str", "float64", "bool", "bytes"]))
            except Exception:  # noqa: BLE001 - whatever pandas refuses is no frame that could be given
                return frame
        parts = [column if nth == place else frame.iloc[:, nth] for nth in range(frame.shape[1])]
        return pd.concat(parts, axis=1, keys=None).set_axis(frame.columns, axis=1)
    if choice < 0.7:
        return pd.concat([frame, frame.iloc[:, [rng.randrange(frame.shape[1])]]], axis=1)
    if choice < 0.75:
        return frame.set_axis(pd.MultiIndex.from_product([["a"], frame.columns]), axis=1)
    if choice < 0.8:
        return pd.concat([frame, frame])
    if choice < 0.85:
        return frame.drop(columns=[rng.choice(list(frame.columns))])
    if choice < 0.9:
        return frame.iloc[:0]
    if choice < 0.95:
        labels = [odd(rng) for _ in frame.columns]
        return frame.set_axis([label if isinstance(label, Hashable) else 0 for label in labels], axis=1)
    with contextlib.suppress(Exception):  # whatever pandas refuses is no frame that could be given
        return frame.set_index(rng.choice(list(frame.columns)))
    return frame


# `lookup`, `plan` and `attach`.


def shop_of(folder):
    """A shop that is asked offline, with the cache in a folder."""
    credentials = tts.Credentials("key", "secret", "token", "cipher")
    return tts.Shop(credentials, Settings(cache=folder / "cache.sqlite"))


def _looking_up(rng, folder):
    count = rng.randrange(1, 30)
    plain = [rng.choice([f"58019400{rng.randrange(10**9):09}{rng.randrange(1, 10)}", None, "x", "9" * 21]) for _ in range(count)]  # fmt: skip
    reasons = {None: "missing", "x": "not_digits", "9" * 21: "too_long"}
    series = _ids(rng, plain)
    shop = shop_of(folder)
    platforms = rng.choice(["SHOPIFY", ["SHOPIFY", "AMAZON"]])
    orders = rng.choice([series, series.tolist(), series.array, _frame(rng, {"order_id": series})])
    frame = tts.lookup(orders, shop=shop, offline=True, platform=platforms)
    names = [platforms] if isinstance(platforms, str) else platforms
    want = [(text, name, "invalid" if text in reasons else "skipped", reasons.get(text, "offline"))
            for text in dict.fromkeys(plain) for name in names]  # fmt: skip
    got = [tuple(map(none_if_missing, row)) for row in
           frame[["order_id", "platform", "status", "reason"]].astype("object").itertuples(index=False, name=None)]  # fmt: skip
    if got != want:
        raise Wrong(f"lookup differs: got {got[:3]}, want {want[:3]}")
    counts = tts.plan(orders, shop=shop, offline=True, platform=platforms)
    if counts.unique != len(want) or counts.invalid != sum(row[2] == "invalid" for row in want):
        raise Wrong(f"plan counts otherwise: {counts}")
    if isinstance(orders, pd.DataFrame):
        _attached(orders, frame, plain)
    return 1, Counter(right=1)


def _attached(orders, refs, plain):
    joined = tts.attach(orders, refs)
    if len(joined) != len(orders) or not joined.index.equals(orders.index):
        raise Wrong("attach loses the caller's rows or index")
    got = [none_if_missing(reason) for reason in joined["reason"].astype(object)]
    reasons = {None: "missing", "x": "not_digits", "9" * 21: "too_long"}
    want = [reasons.get(text, "offline") for text in plain]
    if got != want:
        raise Wrong(f"attach puts answers to other rows: got {got[:5]}, want {want[:5]}")


def _odd_looking_up(rng, folder):
    values = [odd(rng) for _ in range(rng.randrange(1, 6))]
    orders = rng.choice([values, tuple(values), odd(rng), pd.Series(values, dtype=object)])
    if rng.random() < 0.4:
        orders = _spoilt(rng, _frame(rng, {"order_id": _ids(rng, ["580194009000000101", None, "x"])}))
    if rng.random() < 0.1:
        orders = pd.Index(values, dtype=object)
    options = {rng.choice(["column", "platform", "level", "max_age"]): odd(rng)} if rng.random() < 0.3 else {}
    shop = shop_of(folder)
    outcomes = Counter()
    try:
        frame = tts.lookup(orders, shop=shop, offline=True, **options)
        outcomes["right"] += 1
        if frame["status"].isna().any():
            raise Wrong("lookup leaves a status out")
        options.pop("level", None)
        counts = tts.plan(orders, shop=shop, offline=True, **options)
        if counts.unique != len(frame):
            raise Wrong(f"plan counts otherwise: {counts}, {len(frame)} rows")
        if isinstance(orders, pd.DataFrame):
            options.pop("platform", None)
            options.pop("max_age", None)
            joined = tts.attach(orders, frame, **options)
            if len(joined) != len(orders):
                raise Wrong("attach loses the caller's rows or index")
    except tts.TtsframeError:
        return 1, Counter(refused=1)
    return 1, outcomes
