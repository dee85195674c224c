"""Files: the list, downloads under their names, and deleting."""

import hashlib
from datetime import timedelta

from sqlalchemy import update

from tests.factories import make_file, make_person, make_task
from tests.html import read
from tests.kinds.performing import perform
from webapp.clock import now
from webapp.db import schema
from webapp.web.http.formatting import near_day


def file_of(installation, owner, folder, name: str = "sales.xlsx", body: bytes = b"0123456789") -> str:
    with installation.write() as conn:
        task_id = make_task(conn, owner, "done", kind="report", title="Report of sales")
        return make_file(conn, installation.store, task_id, owner, folder, name, body)


def test_the_list_names_file_task_size_and_days(signed_in, installation, ana, tmp_path):
    file_of(installation, ana, tmp_path)
    row = read(signed_in.get("/files").text).one("li", class_="row")
    kept = now() + timedelta(days=30)
    assert "Download sales.xlsx" in row.text
    assert "Report of sales" in row.text
    assert "10 bytes · kept until" in row.text
    assert str(kept.year) in row.text


def test_an_empty_list_says_what_puts_files_there(signed_in):
    page = read(signed_in.get("/files").text)
    assert "Reports put their files here." in page.text
    assert [one["href"] for one in page.all("a") if one.text == "Make a report"] == ["/new/report"]


def test_a_download_is_an_attachment_under_its_own_name(signed_in, installation, ana, tmp_path):
    answer = signed_in.get(f"/files/{file_of(installation, ana, tmp_path, 'Umsätze “Mai”.csv')}/download")
    assert answer.content == b"0123456789"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Ums_tze _Mai_.csv\"; filename*=UTF-8''Ums%C3%A4tze%20%E2%80%9CMai%E2%80%9D.csv"
    )


def test_a_part_of_a_download_can_be_asked_for(signed_in, installation, ana, tmp_path):
    answer = signed_in.get(f"/files/{file_of(installation, ana, tmp_path)}/download", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")


def test_somebody_elses_file_does_not_exist(signed_in, installation, tmp_path):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
    file_id = file_of(installation, ben, tmp_path)
    assert signed_in.get(f"/files/{file_id}/download").status_code == 404
    assert signed_in.post(f"/files/{file_id}/delete").status_code == 404
    assert "sales.xlsx" not in signed_in.get("/files").text


def test_an_admin_has_everybodys(admin, installation, ana, tmp_path):
    assert admin.get(f"/files/{file_of(installation, ana, tmp_path)}/download").status_code == 200


def test_deleting_asks_first_and_focus_goes_to_the_next_row(signed_in, installation, ana, tmp_path):
    last, first = (file_of(installation, ana, tmp_path, name) for name in ("a.xlsx", "b.xlsx"))
    asked = read(signed_in.get(f"/files/{first}/delete").text)
    assert asked.one("h1").text == "Delete b.xlsx?"
    answer = signed_in.post(f"/files/{first}/delete")
    assert answer.headers["location"] == f"/files#row-{last}"
    after = read(signed_in.get("/files").text)
    assert [one["id"] for one in after.all("li", class_="row")] == [f"row-{last}"]
    assert after.one(id="status").text == "b.xlsx is deleted."


def test_deleting_frees_the_disk(signed_in, installation, ana, tmp_path):
    before = {name for name, _ in installation.store.names()}
    file_id = file_of(installation, ana, tmp_path)
    signed_in.post(f"/files/{file_id}/delete")
    assert {name for name, _ in installation.store.names()} == before


def test_a_deleted_file_says_since_when_it_is_gone(signed_in, installation, ana, tmp_path):
    file_id = file_of(installation, ana, tmp_path)
    signed_in.post(f"/files/{file_id}/delete")
    answer = signed_in.get(f"/files/{file_id}/download")
    assert answer.status_code == 410
    assert f"This file was deleted on {near_day(now(), ana.zone)}." in answer.text


def test_a_file_whose_time_has_come_says_after_how_many_days(signed_in, installation, ana, tmp_path):
    file_id = file_of(installation, ana, tmp_path)
    made, went = now() - timedelta(days=31), now() - timedelta(days=1)
    with installation.write() as conn:
        conn.execute(update(schema.file).values(created=made, expires=went, deleted=went))
    answer = signed_in.get(f"/files/{file_id}/download")
    assert f"This file was deleted on {near_day(went, ana.zone)} after 30 days." in answer.text


def test_fifty_files_make_a_page(signed_in, installation, ana, tmp_path):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="report")
        for number in range(52):
            make_file(conn, installation.store, task_id, ana, tmp_path, f"{number}.csv")
    page = read(signed_in.get("/files").text)
    assert len(page.all("li", class_="row")) == 50
    older = next(one["href"] for one in page.all("a") if one.text == "Older")
    assert len(read(signed_in.get(older).text).all("li", class_="row")) == 2


def test_a_file_says_what_it_is_and_who_took_it(signed_in, admin, installation, ana, tmp_path):
    file = file_of(installation, ana, tmp_path)
    signed_in.get(f"/files/{file}/download")
    admin.get(f"/files/{file}/download", headers={"Range": "bytes=0-3"})
    admin.get(f"/files/{file}/download", headers={"Range": "bytes=4-"})
    page = read(signed_in.get(f"/files/{file}").text)
    assert hashlib.sha256(b"0123456789").hexdigest() in page.text
    assert "for Ana Ruiz" in page.text
    assert [one.all("span")[0].text for one in page.one("ul", class_="doings").all("li")] == ["Rut Admin", "Ana Ruiz"]


def test_the_first_rows_of_a_report_are_shown_in_the_page(signed_in, installation, ana):
    (file,) = perform(installation, ana, "report", data="people", format="csv").files
    page = read(signed_in.get(f"/files/{file.id}").text)
    assert [cell.text for cell in page.all("td")] == ["John", "25", "Jane", "30", "Doe", "35"]


def test_a_pdf_is_shown_in_the_page_and_nothing_else_is(signed_in, installation, ana):
    (pdf,) = perform(installation, ana, "report", data="people", format="pdf").files
    (csv,) = perform(installation, ana, "report", data="people", format="csv").files
    page = read(signed_in.get(f"/files/{pdf.id}").text)
    shown = signed_in.get(page.one("iframe")["src"])
    assert (shown.headers["content-type"], shown.headers["content-disposition"]) == ("application/pdf", "inline")
    assert "frame-ancestors 'self'" in shown.headers["content-security-policy"]
    assert signed_in.get(f"/files/{csv.id}/view").status_code == 404


def test_nobody_looks_into_another_persons_file(client, signed_in, installation, root, tmp_path):
    file = file_of(installation, root, tmp_path)
    for path in (f"/files/{file}", f"/files/{file}/view"):
        assert signed_in.get(path).status_code == 404
        assert client.get(path).status_code == 303
