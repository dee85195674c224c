"""Listens for PostgreSQL's NOTIFY and wakes a slot: between machines, as the wakeup sockets between processes."""

import logging
import time

import psycopg

from webapp.ports.engine import WorkerSlot

AGAIN_AFTER = 1.0  # seconds
log = logging.getLogger("outtray.engine")


def ring_on_notify(url: str, slot: WorkerSlot) -> None:
    """Wakes the slot on each notice until it stops; reconnects after a loss, and wakes the slot then too."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    while not slot.stopping:
        try:
            with psycopg.connect(plain, autocommit=True) as conn:
                conn.execute("LISTEN outtray")
                slot.wake()
                for notice in conn.notifies():
                    if notice.payload in slot.queues:
                        slot.wake()
        except Exception as error:  # noqa: BLE001 - meanwhile the slot polls the table
            log.warning("not listening to the database: %s", error)
        time.sleep(AGAIN_AFTER)
