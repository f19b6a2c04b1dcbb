"""Frames → CSV, XLSX, HTML, plots. It knows nothing of matching: a `Report` tells it all."""

from ttsframe.report.figures import headed, summarise, to_look_at
from ttsframe.report.files import folder as make_folder
from ttsframe.report.html import write_html
from ttsframe.report.model import LONG_NUMBERS_IN_EXCEL, Report
from ttsframe.report.notebook import html_summary
from ttsframe.report.plots import plot
from ttsframe.report.tables import check_folder, check_target, save_frame, write_csv
from ttsframe.report.terminal import text_summary
from ttsframe.report.workbook import write_excel

__all__ = [
    "LONG_NUMBERS_IN_EXCEL",
    "Report",
    "check_folder",
    "check_target",
    "headed",
    "html_summary",
    "make_folder",
    "plot",
    "save_frame",
    "summarise",
    "text_summary",
    "to_look_at",
    "write_csv",
    "write_excel",
    "write_html",
]
