"""How large a workbook really is, read from its parts before the Excel reader allocates a grid of it.

That reader allocates every cell between A1 and the last one used: a single cell at XFD1048576 asks for
550 GB and ends the process. Each part is unpacked as a stream and searched with a few regular
expressions, which costs about a quarter of the reading itself.
"""

from __future__ import annotations

import re
import xml.parsers.expat
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.errors import InputError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

_MB = 1 << 20
_CHUNK_BYTES = 4 * _MB
_MAX_UNPACKED_BYTES = 6144 * _MB
# Sheets of real orders pack 10 to 60 times smaller; a zip bomb a thousand times.
_MAX_RATIO = 200
_MIN_BYTES_OF_A_BOMB = 64 * _MB
# A full sheet of 60 columns has 63 million cells. The grid may also be mostly empty, but not huge.
_MAX_CELLS = 200_000_000
_FREE_CELLS = 5_000_000
_MAX_CELLS_PER_FILLED = 40
_REFERENCE = re.compile(rb'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"')
_PREFIXED = re.compile(rb"<[^\s<>/:]+:c[\s/>]")


class _Extent(NamedTuple):
    """An upper bound, by the first letter and the first digit of references of each length."""

    letters: tuple[int, int] = (1, ord("A"))
    """How many letters the last column has, and the first of them."""
    digits: tuple[int, int] = (1, ord("1"))
    """How many digits the last row has, and the first of them."""

    @property
    def cells(self) -> int:
        length, first = self.letters
        columns: int = sum(26**n for n in range(1, length)) + (first - ord("A") + 1) * 26 ** (length - 1)
        length, first = self.digits
        rows: int = (first - ord("0") + 1) * 10 ** (length - 1)
        return columns * rows

    def beyond(self) -> re.Pattern[bytes]:
        """Match a cell outside the extent, and one without a plain reference."""
        columns, rows = (
            _up_to(low, high, first, length)
            for low, high, (length, first) in (("A", "Z", self.letters), ("0", "9", self.digits))
        )
        return re.compile(rf'<c(?! r="{columns}{rows}"|[A-Za-z])'.encode())


def check_workbook(name: str, archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that would unpack to more than memory holds, or whose sheets are nearly all empty."""
    total = 0
    for member in archive.infolist():
        extent, filled, unpacked, is_sheet, is_plain = _Extent(), 0, 0, False, True
        for chunk in _chunks(archive, member):
            unpacked += len(chunk)
            packed = max(member.compress_size, 1)
            if total + unpacked > _MAX_UNPACKED_BYTES or (
                unpacked > _MIN_BYTES_OF_A_BOMB and unpacked > _MAX_RATIO * packed
            ):
                raise InputError(
                    f"{name} unpacks to far more than an export holds: export a shorter period, or as CSV."
                )
            is_sheet = is_sheet or b"sheetData" in chunk
            if is_sheet and is_plain:
                filled += chunk.count(b"<c ")
                is_plain = not (b":c" in chunk and _PREFIXED.search(chunk))
                extent, is_plain = _grown(extent, chunk) if is_plain else (extent, False)
        total += unpacked
        cells = extent.cells if is_plain else 0
        if not is_plain:
            cells, filled = _count_cells(name, archive, member)
        if cells > min(_MAX_CELLS, max(_FREE_CELLS, _MAX_CELLS_PER_FILLED * filled)):
            raise InputError(
                f"{name} has a cell far outside its table: delete the rows below it and the columns to its "
                "right, or save it as CSV."
            )


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a part; no chunk ends within a tag."""
    with archive.open(member) as stream:
        rest = b""
        while block := stream.read(_CHUNK_BYTES):
            block = rest + block
            cut = block.rfind(b"<")
            # A text without any tag, or one tag of megabytes, is cut anywhere.
            cut = cut if cut > 0 and len(block) - cut < _CHUNK_BYTES else len(block)
            rest = block[cut:]
            yield block[:cut]
        yield rest


def _grown(extent: _Extent, chunk: bytes) -> tuple[_Extent, bool]:
    """Return the extent with the cells of a chunk; False where one has no plain reference."""
    position = 0
    while match := extent.beyond().search(chunk, position):
        reference = _REFERENCE.match(chunk, match.start())
        if reference is None:
            return extent, False
        letters, digits = reference.groups()
        extent = _Extent(
            max(extent.letters, (len(letters), letters[0])), max(extent.digits, (len(digits), digits[0]))
        )
        position = match.end()
    return extent, True


def _up_to(low: str, high: str, first: int, length: int) -> str:
    leading = f"[{low}-{chr(first)}][{low}-{high}]{{{length - 1}}}"
    return f"(?:[{low}-{high}]{{1,{length - 1}}}|{leading})" if length > 1 else leading


class _CellCounter:
    """Counts the cells of a sheet whose cells have no plain references, and the grid they span."""

    def __init__(self) -> None:
        self.row = self.column = -1
        self.rows = self.columns = self.filled = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element, whatever its namespace."""
        kind = tag.rpartition(":")[2]
        if kind == "row":
            self.row, self.column = _index(attributes.get("r", ""), self.row + 1), -1
        elif kind == "c":
            reference = attributes.get("r", "")
            letters = reference.rstrip("0123456789")
            self.row = _index(reference[len(letters) :], max(self.row, 0))
            self.column = _column(letters) if letters else self.column + 1
            self.filled += 1
            self.rows, self.columns = max(self.rows, self.row + 1), max(self.columns, self.column + 1)


def _count_cells(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return how many cells the grid of a sheet has, and how many are filled."""
    counter = _CellCounter()
    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = counter.start
    try:
        with archive.open(member) as stream:
            parser.ParseFile(stream)
    except xml.parsers.expat.ExpatError:
        # The Excel reader is more lenient, so what follows might still be read.
        raise InputError(f"{name} is a damaged workbook: download it again.") from None
    return counter.rows * counter.columns, counter.filled


def _index(digits: str, otherwise: int) -> int:
    return int(digits[:19]) - 1 if digits else otherwise


def _column(letters: str) -> int:
    column = 0
    for letter in letters[:8].upper():
        column = column * 26 + max(0, ord(letter) - ord("A")) + 1
    return column - 1
