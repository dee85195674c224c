"""Every value of a frame is readable in a PDF, or the page names what is blank."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tests.reports.dtypes import KINDS
from webapp.reports.reading import frames
from webapp.reports.writing import pdf
from webapp.reports.writing.display import rows_of, shower
from webapp.reports.writing.normalise import normalise

CALM = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


def bare(text: str) -> str:
    """Returns the text without spaces, line breaks and zero-width spaces."""
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("kind", KINDS)
def test_a_pdf_shows_every_value_or_says_what_is_blank(kind, tmp_path):
    values, may_miss, fill = KINDS[kind]

    @settings(max_examples=5, **CALM)
    @given(st.lists(values | st.none() if may_miss else values, max_size=6))
    def check(drawn):
        table = normalise(frames.of_frame(pd.DataFrame({"Value": fill(drawn)})), "csv")
        pdf.write(table, tmp_path / "a.pdf")
        page = bare("".join(page.extract_text() for page in PdfReader(tmp_path / "a.pdf").pages))
        show = [shower(table.schema.types[0], table.formats.get("Value", ""), "iso")]
        cells = [bare(cell) for batch in table.batches() for (cell,) in rows_of(batch, show)]
        for cell in cells:
            # Other scripts are read back in other orders; what is blank is named.
            if cell.isascii() and cell.isprintable():
                assert cell in page
        assert len(cells) == table.rows

    check()


def test_a_frame_of_2000_columns_is_refused_with_a_clear_message_and_leaves_nothing(tmp_path):
    frame = pd.DataFrame({f"c{n}": [n] for n in range(2_000)})
    with pytest.raises(pdf.TaskError, match="2,000 columns"):
        pdf.write(normalise(frames.of_frame(frame), "csv"), tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []
