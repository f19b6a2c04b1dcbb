"""How long it takes to clean a million order ids, in each form that they come in.

python tests/benchmarks/ids.py [--count 1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from measuring import Section, machine, spread, verdict

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 1_000_000
MOST_SECONDS = 2.0
_FIRST_ID, _STEP = 580_194_009_000_000_000, 7919


def _numbers(count: int) -> pd.Series:
    return pd.Series(_FIRST_ID + np.arange(count, dtype=np.int64) * _STEP)


def _text(count: int) -> pd.Series:
    return _numbers(count).astype(str).astype(TEXT_DTYPE)


def _half(count: int) -> pd.Series:
    """Return each id twice, as in an export with a row a SKU."""
    return _text(count // 2).repeat(2).reset_index(drop=True)


def _mixed(count: int) -> pd.Series:
    """Return ids of which some are dirty and some are none."""
    texts = _text(count).astype(object)
    texts[::7] = texts[::7] + "\t"
    texts[3::11] = '="' + texts[3::11] + '"'
    texts[5::97] = "5.80194E+17"
    texts[6::101] = ""
    return texts.astype(TEXT_DTYPE)


FORMS: dict[str, Callable[[int], pd.Series]] = {
    "plain text": _text,
    "a trailing tab": lambda count: _text(count) + "\t",
    '`="…"`': lambda count: '="' + _text(count) + '"',
    "a trailing `.0`": lambda count: _text(count) + ".0",
    "some of each, and some spoilt": _mixed,
    "each id twice": _half,
    "integers": _numbers,
    "nullable integers": lambda count: _numbers(count).astype("Int64"),
    "objects": lambda count: _text(count).astype(object),
    "category": lambda count: _half(count).astype("category"),
    "arrow text": lambda count: _text(count).astype("string[pyarrow]"),
}


def seconds(values: pd.Series, rounds: int) -> list[float]:
    """Time cleaning and making unique, which is what a look-up does first."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        keys = ids.unique(ids.clean(values))
        took.append(time.perf_counter() - began)
    assert len(keys.ids)
    return took


def section(*, quick: bool = False, count: int = COUNT, rounds: int = 3) -> Section:
    """Measure, and make the table."""
    forms = list(FORMS)[:3] if quick else list(FORMS)
    rows = []
    for form in forms:
        took = seconds(FORMS[form](count), 1 if quick else rounds)
        met = verdict(met=statistics.median(took) <= MOST_SECONDS)
        rows.append(
            (form, spread(took), f"{statistics.median(took) / count * 1e6:.2f}", f"{MOST_SECONDS}", met)
        )
    return Section(
        f"Ids: {count:,} values to distinct clean ids",
        f"python tests/benchmarks/ids.py --count {count} --rounds {rounds}",
        ("form", "seconds", "µs an id", "asked", ""),
        rows,
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{machine()}\n")
    print(section(count=options.count, rounds=options.rounds).markdown())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
