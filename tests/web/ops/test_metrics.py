"""Figures for Prometheus."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import make_delivery, make_file, make_task
from tests.web.programs import refused
from webapp import __version__
from webapp.clock import now
from webapp.files import queries as files


def figures(program):
    """Each sample by its name and the values of its labels."""
    answer = program.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_they_are_for_admins_with_a_token(program, stranger, admin):
    refused(stranger.get("/metrics"), 401)
    refused(admin.get("/metrics"), 401)
    refused(program.get("/metrics"), 403)


def test_tasks_and_deliveries_are_counted(admin_program, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, "failed", kind="email")
        sent = make_task(conn, ana, "done", kind="email")
        make_task(conn, ana, "done", kind="email")
        for state in ("sent", "sent", "unknown"):
            make_delivery(conn, sent, "b@example.com", state)
    found = figures(admin_program)
    assert found["outtray_tasks", "email", "failed"] == 1
    assert found["outtray_tasks", "email", "done"] == 2
    assert found["outtray_deliveries", "sent"] == 2
    assert found["outtray_deliveries", "unknown"] == 1


def test_what_changes_between_two_looks_is_counted_anew(admin_program, installation, ana):
    with installation.write() as conn:
        task = make_task(conn, ana, "waiting", kind="email")
    assert figures(admin_program)["outtray_tasks", "email", "waiting"] == 1
    assert figures(admin_program)["outtray_tasks", "email", "waiting"] == 1
    admin_program.post(f"/api/v1/tasks/{task}/cancel")
    found = figures(admin_program)
    assert found["outtray_tasks", "email", "cancelled"] == 1
    assert ("outtray_tasks", "email", "waiting") not in found


def test_a_queue_says_how_much_waits_and_for_how_long(admin_program, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, "waiting", queue="mail", not_before=now() - timedelta(hours=2))
        make_task(conn, ana, "waiting", queue="mail", not_before=now() - timedelta(hours=1))
        make_task(conn, ana, "waiting", queue="mail", not_before=now() + timedelta(hours=1))
        make_task(conn, ana, "running", queue="reports")
    found = figures(admin_program)
    assert found["outtray_queue_due", "mail"] == 2
    assert found["outtray_queue_oldest_seconds", "mail"] == pytest.approx(7200, abs=300)
    assert found["outtray_queue_due", "reports"] == found["outtray_queue_oldest_seconds", "reports"] == 0


def test_files_and_uploads_are_weighed(admin_program, installation, root, tmp_path):
    admin_program.post("/api/v1/uploads", files={"file": ("a.csv", b"x\n1\n")})
    with installation.write() as conn:
        task = make_task(conn, root)
        make_file(conn, installation.store, task, root, tmp_path, body=b"12345")
        gone = make_file(conn, installation.store, task, root, tmp_path, body=b"1234567")
        files.forget(conn, files.one(conn, gone, root))
    found = figures(admin_program)
    assert (found["outtray_files",], found["outtray_files_bytes",]) == (1, 5)
    assert (found["outtray_uploads",], found["outtray_uploads_bytes",]) == (1, 4)
    assert found["outtray_disk_free_bytes",] > 0


def test_the_version_is_told_and_nothing_of_an_empty_house_is_missing(admin_program):
    found = figures(admin_program)
    assert found["outtray_info", __version__] == 1
    assert found["outtray_files_bytes",] == 0
    assert found["outtray_queue_due", "notify"] == 0
