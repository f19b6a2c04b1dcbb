"""Frames → CSV, XLSX, HTML, plots. It knows nothing of matching: a `Report` tells it all."""

from ttsframe.report.cells import harmless
from ttsframe.report.figures import summarise
from ttsframe.report.html import write_html
from ttsframe.report.model import LONG_NUMBERS_IN_EXCEL, Report
from ttsframe.report.notebook import html_summary
from ttsframe.report.plots import plot
from ttsframe.report.tables import save_frame, write_csv
from ttsframe.report.terminal import text_summary
from ttsframe.report.workbook import write_excel

__all__ = [
    "LONG_NUMBERS_IN_EXCEL",
    "Report",
    "harmless",
    "html_summary",
    "plot",
    "save_frame",
    "summarise",
    "text_summary",
    "write_csv",
    "write_excel",
    "write_html",
]
