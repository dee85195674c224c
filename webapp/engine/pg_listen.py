"""Hears PostgreSQL's NOTIFY and rings at a slot: what the bell's sockets do between processes, between machines."""

import logging
import time

import psycopg

from webapp.ports.engine import WorkerSlot

AGAIN_AFTER = 1.0  # seconds
log = logging.getLogger("outtray.engine")


def ring_on_notify(url: str, slot: WorkerSlot) -> None:
    """Never returns; a lost connection is made again, and the slot woken in case something was missed."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    while not slot.stopping:
        try:
            with psycopg.connect(plain, autocommit=True) as conn:
                conn.execute("LISTEN outtray")
                slot.wake()
                for notice in conn.notifies():
                    if notice.payload in slot.queues:
                        slot.wake()
        except Exception as error:  # noqa: BLE001 - the slot looks by itself meanwhile
            log.warning("not listening to the database: %s", error)
        time.sleep(AGAIN_AFTER)
