"""Figures for Prometheus; an admin's token is needed."""

from collections import Counter
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from webapp import __version__
from webapp.clock import now
from webapp.db.connect import current_version
from webapp.engine.heartbeats import LOOPS, pulses
from webapp.engine.worker_locks import living, role_of
from webapp.errors import Forbidden
from webapp.installation import Installation
from webapp.tasks.views import metrics as figures
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.problem import problems

router = APIRouter(tags=["Health"])

TEXT = "text/plain; version=0.0.4; charset=utf-8"  # what every Prometheus reads


@router.get("/metrics", response_class=PlainTextResponse, responses=problems(401, 403))
def metrics(request: Request, person: Program, installation: TheInstallation) -> Response:
    """Returns numbers of tasks, deliveries, queues, files and workers; for admins."""
    if not person.is_admin:
        raise Forbidden("Metrics need an admin's token.")
    registry = CollectorRegistry()  # a private one: the default one adds figures of this one process
    registry.register(Figures(installation, request.app.state.counted))
    return Response(generate_latest(registry), headers={"Cache-Control": "no-store"}, media_type=TEXT)


class Counted:
    """The counts that read every row (0.4 s for 100,000 tasks and 1,000,000 deliveries), until something changes."""

    def __init__(self) -> None:
        self._seen: tuple[int, figures.Counts, figures.Counts] = (-1, {}, {})

    def now(self, installation: Installation) -> tuple[figures.Counts, figures.Counts]:
        """Tasks and deliveries."""
        if self._seen[0] != installation.version:
            with installation.read() as conn:
                # The version first: what changes in between is then counted once more, never missed.
                self._seen = (current_version(conn), figures.tasks(conn), figures.deliveries(conn))
        return self._seen[1:]


class Figures(Collector):
    """Reads the database at each scrape, so that every web process tells the same."""

    def __init__(self, installation: Installation, counted: Counted) -> None:
        self._installation, self._counted = installation, counted

    def describe(self) -> list[Metric]:
        return []  # else registering would collect once for nothing

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("outtray", "The version that runs", {"version": __version__})
        tasks, deliveries = self._counted.now(self._installation)
        yield _by("outtray_tasks", "Tasks by kind and state", tasks, "kind", "state")
        yield _by("outtray_deliveries", "Deliveries by state", deliveries, "state")
        yield from self._of_queues()
        yield from self._of_store()
        roles = Counter(role_of(name) for name in living(self._installation.run_dir))
        workers: dict[tuple[str, ...], float] = {(role,): number for role, number in roles.items()}
        yield _by("outtray_workers", "Living workers on this machine", workers, "role")
        ages: dict[tuple[str, ...], float] = {}
        for pulse in pulses(self._installation.run_dir):
            role = (pulse.name if pulse.name in LOOPS else role_of(pulse.name),)
            ages[role] = max(pulse.age, ages.get(role, 0.0))
        yield _by(
            "outtray_heartbeat_age_seconds", "Since the last move of a loop, or of the slowest worker", ages, "role"
        )

    def _of_queues(self) -> Iterator[Metric]:
        moment = now()
        with self._installation.read() as conn:
            queues = figures.queues(conn, moment)
        depth: dict[tuple[str, ...], float] = {(name,): 0 for name in self._installation.settings.slots}
        waits = dict(depth)
        for name, queue in queues.items():
            depth[(name,)], waits[(name,)] = queue.due, (moment - queue.oldest).total_seconds()
        yield _by("outtray_queue_due", "Tasks that could run now and wait for a slot", depth, "queue")
        yield _by("outtray_queue_oldest_seconds", "How long the first of them has waited", waits, "queue")

    def _of_store(self) -> Iterator[Metric]:
        with self._installation.read() as conn:
            files, uploads = figures.files(conn), figures.uploads(conn)
        yield _one("outtray_files", "Files that tasks made and that are there", files.number)
        yield _one("outtray_files_bytes", "Their bytes", files.size)
        yield _one("outtray_uploads", "Uploaded tables", uploads.number)
        yield _one("outtray_uploads_bytes", "Their bytes, as they came", uploads.size)
        yield _one("outtray_disk_free_bytes", "Bytes free in the data directory", self._installation.store.free_bytes())


def _one(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _by(name: str, help_text: str, values: figures.Counts, *labels: str) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
