"""Figures for Prometheus; an admin's token is needed."""

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from webapp.db import schema
from webapp.db.connect import current_version
from webapp.db.types import now
from webapp.engine.locks import living
from webapp.errors import Forbidden
from webapp.house import House
from webapp.web.deps import Program, TheHouse

router = APIRouter(tags=["Health"])
t, d, f = schema.task, schema.delivery, schema.file


@router.get("/metrics")
def metrics(person: Program, house: TheHouse) -> Response:
    """Tasks, deliveries, queues, files and workers in numbers."""
    if not person.is_admin:
        raise Forbidden("Metrics need an admin's token.")
    registry = CollectorRegistry()
    registry.register(Figures(house))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """Reads the database at each scrape, so that every web process tells the same."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        tasks = GaugeMetricFamily("outtray_tasks", "Tasks by kind and state", labels=["kind", "state"])
        deliveries = GaugeMetricFamily("outtray_deliveries", "Deliveries by state", labels=["state"])
        due = GaugeMetricFamily("outtray_queue_due", "Tasks that could run now", labels=["queue"])
        oldest = GaugeMetricFamily("outtray_queue_oldest_seconds", "How long the first has waited", labels=["queue"])
        with self._house.read() as conn:
            for kind, state, number in conn.execute(
                select(t.c.kind, t.c.state, func.count()).group_by(*t.c["kind", "state"])
            ):
                tasks.add_metric([kind, state], number)
            for state, number in conn.execute(select(d.c.state, func.count()).group_by(d.c.state)):
                deliveries.add_metric([state], number)
            waiting = select(t.c.queue, func.count(), func.min(t.c.not_before)).where(
                t.c.state == "waiting", t.c.not_before <= now()
            )
            for queue, number, first in conn.execute(waiting.group_by(t.c.queue)):
                due.add_metric([queue], number)
                oldest.add_metric([queue], max(0.0, (now() - first).total_seconds()))
            size = conn.execute(select(func.coalesce(func.sum(f.c.size), 0)).where(f.c.deleted.is_(None))).scalar_one()
            changes = current_version(conn)
        yield from (tasks, deliveries, due, oldest)
        yield _gauge("outtray_files_bytes", "Bytes of the files that tasks made", size)
        yield _gauge("outtray_disk_free_bytes", "Bytes free in the data directory", self._house.store.free_bytes())
        yield _gauge("outtray_workers", "Living workers on this machine", len(living(self._house.run_dir)))
        yield _gauge("outtray_changes", "Changes that pages could show, so far", changes)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)
