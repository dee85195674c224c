"""Which machine runs the tasks of a PostgreSQL database: only one may, because only its files and locks tell the truth.

The machine that runs counts a number up. Another one watches the number: while it moves, it is refused; once it has
stood still for long enough, it takes over. No clock is read, neither this machine's nor the database's.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.db import schema
from webapp.db.connect import Database
from webapp.errors import UserError
from webapp.identity.data_dir import DataDirLock

# A machine that has not counted for so long is taken for dead; tests set a shorter time.
LEASE_SECONDS = float(os.environ.get("OUTTRAY_TEST_LEASE_SECONDS", "15"))
RENEW_SECONDS = LEASE_SECONDS / 5
LOOK_EVERY = 0.5  # seconds between two looks at another machine's number
SAID_AFTER = LEASE_SECONDS / 2  # of watching: a machine that lives has been seen to count by then
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # one for all containers of a machine, as its file locks are
END_SECONDS = 1.5  # that a stop waits for a database that does not answer
BUSY = (
    "Outtray already runs with this database on {}. Stop it there first: only one machine, with one data directory, "
    "may run “outtray serve”, “web” or “worker” on a database."
)
LOST = (
    "Another machine ({}) has taken over this database, because this one was silent for {:g} seconds; it has stopped."
)
i = schema.installation
log = logging.getLogger("outtray")


@dataclass(frozen=True)
class Machine:
    """One machine's use of one data directory; `name` is for people. An empty `id` is none."""

    id: str
    name: str
    beat: int = 0


def this_machine(data_dir: Path) -> Machine:
    """Returns the same for all processes that share this data directory and the locks on its files."""
    found = data_dir.stat()
    boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else socket.gethostname()
    return Machine(f"{boot}:{found.st_dev}:{found.st_ino}", f"{socket.gethostname()}: {data_dir}"[:400])


class MachineLease:
    """The right of one machine to run the tasks of a database."""

    def __init__(self, database: Database, machine: Machine) -> None:
        self._database, self._machine = database, machine

    def acquire(self) -> None:
        """Waits at most LEASE_SECONDS for a machine that may be dead; raises UserError if it lives."""
        while not self.renew():
            self._take_from(self.require_no_other())

    def renew(self) -> bool:
        """Counts on; returns False if another machine has the lease."""
        ours = update(i).where(i.c.machine.in_(["", self._machine.id]))
        new = {"machine": self._machine.id, "machine_name": self._machine.name, "beat": i.c.beat + 1}
        with self._database.write(lambda number: None) as conn:
            return conn.execute(ours.values(new)).rowcount > 0

    def release(self) -> None:
        with self._database.write(lambda number: None) as conn:
            conn.execute(update(i).where(i.c.machine == self._machine.id).values(machine="", machine_name=""))

    def other(self) -> Machine:
        """Returns the other machine that has the lease, or none."""
        query = select(i.c.machine, i.c.machine_name, i.c.beat).where(i.c.machine.not_in(["", self._machine.id]))
        with self._database.read() as conn:
            row = conn.execute(query).first()
        return Machine(*row) if row else NOBODY

    def require_no_other(self) -> Machine:
        """Returns the dead machine that has the lease, or none; raises UserError if it lives."""
        first, began, is_said = self.other(), clock.monotonic(), False
        while first.id and (watched := clock.monotonic() - began) < LEASE_SECONDS:
            if (found := self.other()) != first:
                if found.id:
                    raise UserError(BUSY.format(found.name))
                return found
            if watched > SAID_AFTER and not is_said:
                is_said = True
                log.warning("%s ran this database; watching for %g s whether it still does", first.name, LEASE_SECONDS)
            time.sleep(LOOK_EVERY)
        return first

    def _take_from(self, dead: Machine) -> None:
        is_dead = (i.c.machine == dead.id) & (i.c.beat == dead.beat)
        with self._database.write(lambda number: None) as conn:
            conn.execute(update(i).where(is_dead).values(machine=""))


NOBODY = Machine("", "")


def require_no_other(database: Database, data_dir: Path) -> None:
    """Raises UserError if another machine runs this database."""
    if not database.is_sqlite:
        MachineLease(database, this_machine(data_dir)).require_no_other()


@contextmanager
def held(database: Database, lock: DataDirLock, data_dir: Path) -> Iterator[None]:
    """Holds the lease for the block; ends this process, as a signal does, if another machine takes it.

    Raises UserError before the block if another machine runs, and after it if one has taken over.
    """
    if database.is_sqlite:  # the lock on the data directory is enough: its file is on a disk of this machine
        yield
        return
    lease = MachineLease(database, this_machine(data_dir))
    lease.acquire()
    ended, lost = threading.Event(), threading.Event()
    renewing = threading.Thread(target=_keep, args=(lease, lock, ended, lost), name="machine-lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join(END_SECONDS)
    if lost.is_set():
        raise UserError(LOST.format(lease.other().name, LEASE_SECONDS))


def _keep(lease: MachineLease, lock: DataDirLock, ended: threading.Event, lost: threading.Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        try:
            if not lease.renew():
                lost.set()
                os.kill(os.getpid(), signal.SIGTERM)
                return
        except SQLAlchemyError as error:  # the database is away: no other machine can take over either
            log.warning("the database did not take the sign of life of this machine: %s", error)
    if lock.become_alone():  # else `web` or `worker` go on beside this one
        with contextlib.suppress(SQLAlchemyError):
            lease.release()
