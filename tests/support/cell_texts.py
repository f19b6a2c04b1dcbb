"""Texts that a spreadsheet may take for formulas, for the tests of what writes and reads cells."""

from hypothesis import strategies as st

STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + '"\u200b\ufeff\u200e'
tricky = st.text(
    st.one_of(
        st.sampled_from(list("=+-@\t\r\n ;,\"'|0123456789ab\u00a0\u3000\ufeff\uff1d\uff0b\u2028\x00")),
        st.characters(),
    ),
    max_size=12,
)


def starts_a_formula(cell):
    return cell.lstrip(BLANKS).startswith(STARTS) or cell[:1] in ("\t", "\r", "\n")
