"""What `match` returns, and its renderings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ttsframe import ids, report
from ttsframe.columns import BRIDGE, SOURCES, TIE_OUT, TOTALS_BY, empty
from ttsframe.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from ttsframe.report import OrderExplained, ReportData
    from ttsframe.report.cells import Ids
    from ttsframe.text import Note


@dataclass(frozen=True, eq=False, repr=False)
class Match:
    """Which TikTok order is which Shopify order, row by row; made by `match`.

    Parameters
    ----------
    orders
        One row per order or pair, with `columns.MATCH_ORDERS`, and with
        `columns.MATCH_SETTLEMENT` after them where a settlement was given.
    notes
        What was decided, left out, guessed or counted: each a `Note` with its `kind` and `text`.
    provenance
        When, with which version, from which files, and how many orders each held.
    details
        What the report needs of each row besides `orders`, on the same index: `day`, TikTok's or
        else Shopify's; `age_days`, from then to the newest order of the files; `tiktok_excluded` and
        `shopify_excluded`, what the totals leave out as cancelled or refunded in full;
        `tiktok_missing` and `shopify_missing`, whether the row has an order without an amount;
        `request_id`, that of the look-up's answer, with a look-up.
    bridge
        How TikTok's total becomes Shopify's, per currency, with `columns.BRIDGE`: the lines between
        the two totals add up to their difference.
    components
        What each of `columns.COMPONENTS` would add to the amounts that differ, on the index of those
        rows of `orders`.
    only_settlement
        What the settlement holds beside the TikTok orders, with `columns.ONLY_SETTLEMENT`: orders
        that are in no export or not in the period, and adjustments; None without a settlement.
    cut_off
        The pairs of which one order was created in the period and the other was not, with
        `columns.CUT_OFF`; None without a period.
    tie_out
        From all rows of the files down to each side's total, per currency, with `columns.TIE_OUT`:
        the lines above ``report_total`` add up to it, and what is missing to that is its own line,
        ``unaccounted``. A frame that no reader made begins with its orders, the line ``given``.
    sources
        The files that were read, with `columns.SOURCES`: their SHA-256, oldest and newest order.
    comments
        What people wrote beside orders, with `columns.COMMENTS`, those of orders that are not in
        `orders` included; None before `with_comments`.

    See Also
    --------
    compare : What changed between two results.

    Examples
    --------
    >>> import pandas as pd
    >>> import ttsframe as tts
    >>> tiktok = pd.DataFrame({"order_id": ["577000000000000001"], "amount": [20.0]})
    >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [21.0], "tiktok_order_id": tiktok["order_id"]})
    >>> result = tts.match(tiktok, shopify)
    >>> result.counts[result.counts > 0].to_dict()
    {'amount_differs': 1}
    """

    orders: pd.DataFrame
    notes: tuple[Note, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    details: pd.DataFrame | None = None
    bridge: pd.DataFrame = field(default_factory=partial(empty, BRIDGE))
    components: pd.DataFrame | None = None
    only_settlement: pd.DataFrame | None = None
    cut_off: pd.DataFrame | None = None
    tie_out: pd.DataFrame = field(default_factory=partial(empty, TIE_OUT))
    sources: pd.DataFrame = field(default_factory=partial(empty, SOURCES))
    comments: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled, which a read-only mapping alone cannot be."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self), tuple((values | {"provenance": dict(self.provenance)}).values())

    @property
    def counts(self) -> pd.Series:
        """Rows by status; every status is there, but `probable` only where there is a guess."""
        return pd.Series(self.report.counts, name="rows", dtype="int64").rename_axis("status")

    @property
    def summary(self) -> pd.DataFrame:
        """Tidy figures: `section`, `side`, `currency`, `name`, `value`; computed when first asked for."""
        return self.report.summary

    @property
    def exceptions(self) -> pd.DataFrame:
        """What needs review, by cause, with its age and what to do: `columns.EXCEPTIONS`, risks first."""
        return self.report.exceptions.copy()

    @cached_property
    def report(self) -> ReportData:
        """The result as the renderings take it."""
        return report.ReportData(
            orders=self.orders,
            notes=self.notes,
            provenance=self.provenance,
            details=self.details,
            bridge=self.bridge,
            components=self.components,
            only_settlement=self.only_settlement,
            cut_off=self.cut_off,
            tie_out=self.tie_out,
            sources=self.sources,
            comments=self.comments,
            title=report.title(self.provenance),
        )

    def explain(self, order: str) -> OrderExplained:
        """Explain one order: both sides, who names the pair, the difference, its cause and what to do.

        Parameters
        ----------
        order
            A TikTok order id, a Shopify id, or a Shopify order name such as ``#1001``.

        Returns
        -------
        OrderExplained
            A table in a notebook, text where it is printed; one part per row of the result.

        Raises
        ------
        InputError
            If the result has no such order.

        Examples
        --------
        >>> import pandas as pd
        >>> import ttsframe as tts
        >>> ids = ["577000000000000001"]
        >>> tiktok = pd.DataFrame({"order_id": ids, "amount": [20.0], "platform_discount": [5.0]})
        >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [25.0], "tiktok_order_id": ids})
        >>> print(tts.match(tiktok, shopify).explain("#1001").rows[0].sums)
        (('TikTok amount', '20.00'), ('Platform discount', '+5.00'), ('Shopify total', '25.00'))
        """
        return report.explain_order(self.report, str(order), self._rows_of(order))

    def totals(self, by: Literal["day", "reason", "payout"]) -> pd.DataFrame:
        """Add up both sides by day or by reason, or the payouts by day.

        Parameters
        ----------
        by
            ``"day"``: that of the order on TikTok, or else on Shopify. ``"reason"``. ``"payout"``: the
            day of the settlement, with what was paid out for other orders, so that it can be compared
            with a bank statement.

        Returns
        -------
        pandas.DataFrame
            `columns.TOTALS_BY`, one row per day, reason or payout and currency.

        Raises
        ------
        InputError
            If `by` is another word, or ``"payout"`` where no settlement was given.

        Examples
        --------
        >>> import pandas as pd
        >>> import ttsframe as tts
        >>> tiktok = pd.DataFrame({"order_id": ["577000000000000001"], "amount": [20.0]})
        >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [25.0]})
        >>> tts.match(tiktok, shopify).totals(by="reason")[["reason", "rows", "tiktok_counted"]]
            reason  rows  tiktok_counted
        0  no_mark     1            20.0
        """
        if by not in TOTALS_BY:
            raise InputError(f"give one of {', '.join(TOTALS_BY)}, not {by!r}.", parameter="by")
        if by == "payout" and self.only_settlement is None:
            raise InputError("there are no payouts: give match a settlement.", parameter="by")
        return report.totals_by(self.report, by)

    def ticket(self, *, status: str | None = None, order: str | None = None) -> str:
        """Write a text for the support of TikTok Shop or of the connector.

        It names ids, states, times, amounts and request ids, and no person.

        Parameters
        ----------
        status
            One that needs review, such as ``only_tiktok``: all its orders.
        order
            One order, as for `explain`.

        Returns
        -------
        str
            Subject, question and one line per order.

        Raises
        ------
        InputError
            If neither or both are given, or there is no such order.

        Examples
        --------
        >>> import pandas as pd
        >>> import ttsframe as tts
        >>> tiktok = pd.DataFrame({"order_id": ["577000000000000001"], "amount": [20.0]})
        >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [25.0]})
        >>> print(tts.match(tiktok, shopify).ticket(status="only_tiktok").splitlines()[0])
        Subject: 1 TikTok Shop order not on Shopify
        """
        if (status is None) == (order is None):
            raise InputError("give either a status or an order.", parameter="status")
        if order is not None:
            return report.write_ticket(self.report, self._rows_of(order))
        rows = self.orders[self.orders["status"] == status]
        if rows.empty:
            raise InputError(f"no order has the status {status!r}; see counts.", parameter="status")
        return report.write_ticket(self.report, rows)

    def _rows_of(self, order: str) -> pd.DataFrame:
        wanted = ids.clean(pd.Series([order], dtype="object")).ids[0]
        name = ids.normalize_order_name(pd.Series([str(order)]))[0]
        rows = self.orders[
            self.orders["order_id"].eq(wanted)
            | self.orders["shopify_id"].eq(wanted)
            | ids.normalize_order_name(self.orders["shopify_name"]).eq(name)
        ]
        if rows.empty:
            raise InputError(
                f"{order} is not an order of this result: give a TikTok order id, or a Shopify id or name. "
                "Shopify orders without a link to TikTok are not listed."
            )
        return rows

    def with_header(
        self,
        *,
        client: str | None = None,
        shop: str | None = None,
        prepared_by: str | None = None,
        reviewed_by: str | None = None,
        date: str | None = None,
        reference: str | None = None,
    ) -> Match:
        """Say whose working paper this is: in the head of every report that is made from it.

        Parameters
        ----------
        client, shop
            Whose orders they are.
        prepared_by, reviewed_by, date
            Who made the report, who checked it, and when.
        reference
            The number of the working paper.

        Returns
        -------
        Match
            The same result; what is not given stays as it was.

        Examples
        --------
        >>> import pandas as pd
        >>> import ttsframe as tts
        >>> orders = pd.DataFrame({"order_id": ["577000000000000001"]})
        >>> result = tts.match(orders, pd.DataFrame({"name": ["#1001"]}))
        >>> dressed = result.with_header(client="Acme Ltd", prepared_by="J. Doe")
        >>> print(repr(dressed).splitlines()[1])
        client: Acme Ltd; prepared by: J. Doe
        """
        given = {
            "client": client,
            "shop": shop,
            "prepared_by": prepared_by,
            "reviewed_by": reviewed_by,
            "date": date,
            "reference": reference,
        }
        told = {report.HEADER[name]: str(text) for name, text in given.items() if text is not None}
        return replace(self, provenance={**self.provenance, **told})

    def with_comments(self, comments: pd.DataFrame) -> Match:
        """Add the columns `comment` and `resolution` to the orders, filled with earlier comments.

        The reports then have these columns to write in, and `comments.json` beside them, which tells a
        changed comment from an old one when `read_comments` reads the report again.

        Parameters
        ----------
        comments
            As `read_comments` gives them: `columns.COMMENTS`, of which one column of ids and one of texts
            are needed. Where an order has been given comments before, the later ones stand.

        Returns
        -------
        Match
            The same result with `columns.MATCH_COMMENTS` after the other columns of `orders`.

        Raises
        ------
        InputError
            If the frame has no column of ids, or none of texts.

        Examples
        --------
        >>> import pandas as pd
        >>> import ttsframe as tts
        >>> orders = pd.DataFrame({"order_id": ["577000000000000001"]})
        >>> result = tts.match(orders, pd.DataFrame({"name": ["#1001"]}))
        >>> told = result.with_comments(orders.assign(comment="asked the connector on 3 November"))
        >>> told.orders[["order_id", "comment", "resolution"]]
                     order_id                            comment resolution
        0  577000000000000001  asked the connector on 3 November        NaN
        """
        orders, told = report.attach(self.orders, report.later_of(self.comments, comments))
        return replace(self, orders=orders, comments=told)

    def to_csv(self, folder: str | os.PathLike[str], *, ids: Ids = "plain") -> list[Path]:
        """Write `orders.csv`, `summary.csv`, and one file per status that needs review.

        With a settlement, `only_settlement.csv` lists what it holds beside the TikTok orders.

        Parameters
        ----------
        folder
            Made if missing.
        ids
            ``"plain"`` digits, or ``"excel"``: each id as ``="5801…"``, so that a double
            click in Excel, which keeps 15 digits of a number, leaves it whole.

        Returns
        -------
        list of pathlib.Path
            The files written.

        Raises
        ------
        InputError
            If `folder` is named like a file, or the files cannot be written.
        """
        return report.write_csv(self.report, folder, ids=ids)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write the workbook: the summary, all orders, and a sheet per status that needs review.

        With a settlement, the sheet "Only settlement" lists what it holds beside the TikTok orders.

        Parameters
        ----------
        path
            An `.xlsx` file, or a folder, which then gets `report.xlsx`.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        InputError
            If the file has another suffix, or cannot be written.
        """
        target = _file(path, "report.xlsx")
        report.write_excel(self.report, target)
        return target

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page: figures, chart, and tables to search, sort and filter.

        Parameters
        ----------
        path
            An `.html` file, or a folder, which then gets `report.html`.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        InputError
            If the file has another suffix, or cannot be written.
        """
        target = _file(path, "report.html")
        report.write_html(self.report, target)
        return target

    def plot(self) -> Figure:
        """Draw orders by status over days, and amounts by side; needs matplotlib."""
        return report.plot(self.report)

    def _repr_html_(self) -> str:
        return report.html_summary(self.report)

    def __repr__(self) -> str:
        return report.text_summary(self.report)


def _file(path: str | os.PathLike[str], name: str) -> Path:
    """Return the file that is meant by a file or a folder; refuse a suffix that is not `name`'s."""
    target = Path(path)
    is_folder = target.is_dir() or str(path).endswith(("/", "\\")) or not target.suffix
    if is_folder:
        return report.ensure_dir(target) / name
    suffix = Path(name).suffix
    if target.suffix.lower() != suffix:
        raise InputError(
            f"{path} must end in {suffix}, e.g. {target.with_suffix(suffix)}; a folder ends in /."
        )
    return target
