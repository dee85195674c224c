"""Files in a real browser: download and delete."""

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.files import FilesPage
from tests.factories import make_file, make_task


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_deleting_a_file_asks_first_and_focuses_the_next_row(request, installation, ana, tmp_path, window):
    page = request.getfixturevalue(window)
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="report")
        for name in ("old.xlsx", "new.xlsx"):
            make_file(conn, installation.store, task_id, ana, tmp_path, name)
    files = FilesPage(page).open()
    files.delete("new.xlsx")
    expect(files.rows).to_have_count(1)
    expect(files.rows.first).to_be_focused()
    expect(files.spoken).to_have_text("new.xlsx is deleted.")


def test_a_file_is_downloaded_under_its_name(page, installation, ana, tmp_path):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="report")
        make_file(conn, installation.store, task_id, ana, tmp_path, "Umsätze.csv", b"a,b\n")
    files = FilesPage(page).open()
    with page.expect_download() as download:
        files.rows.get_by_role("link", name="Download Umsätze.csv").click()
    assert download.value.suggested_filename == "Umsätze.csv"
    assert download.value.path().read_bytes() == b"a,b\n"
