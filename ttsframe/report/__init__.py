"""A match → CSV, XLSX, HTML, notebook, terminal and plots."""

from ttsframe.report.comments import attach, later_of, read_comments
from ttsframe.report.excel import write_excel
from ttsframe.report.files import ensure_dir
from ttsframe.report.html import html_summary, write_html
from ttsframe.report.json_figures import json_figures
from ttsframe.report.one_order import OrderExplained, explain_order
from ttsframe.report.plots import plot
from ttsframe.report.summary import HEADER, ReportData, title
from ttsframe.report.tables import check_folder, check_target, save_frame, write_csv
from ttsframe.report.terminal import text_summary
from ttsframe.report.ticket import write_ticket
from ttsframe.report.totals_by import totals_by

__all__ = [
    "HEADER",
    "OrderExplained",
    "ReportData",
    "attach",
    "check_folder",
    "check_target",
    "ensure_dir",
    "explain_order",
    "html_summary",
    "json_figures",
    "later_of",
    "plot",
    "read_comments",
    "save_frame",
    "text_summary",
    "title",
    "totals_by",
    "write_csv",
    "write_excel",
    "write_html",
    "write_ticket",
]
