"""Seals the entries of the audit trail that are new, beside the work: hashes are made while nothing is locked."""

from sqlalchemy.exc import IntegrityError

from webapp.audit import chain
from webapp.audit.chain import Mark
from webapp.installation import Installation


class Sealing:
    """Seals up to the newest entry that no transaction in flight can come before."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._earlier: Mark | None = None

    def step(self) -> int:
        """Seals what is new; returns the number of entries. While writers overlap, only up to the mark of before."""
        with self._installation.read() as conn:
            mark = chain.mark(conn)
        upto = next((known.last for known in (mark, self._earlier) if known and self._is_settled(known)), 0)
        self._earlier = mark
        number = 0
        while sealed := self._seal(upto):
            number += sealed
        return number

    def _is_settled(self, mark: Mark) -> bool:
        """Returns True as soon as every transaction that was adding entries at the mark has ended."""
        left = mark.writers
        for _ in range(chain.LOOKS):
            if not left:
                return True
            with self._installation.read() as conn:
                left &= chain.writers(conn)
        return not left

    def _seal(self, upto: int) -> int:
        with self._installation.read() as conn:
            seal = chain.next_seal(conn, upto)
        if seal is None:
            return 0
        try:
            with self._installation.write() as conn:
                chain.write(conn, seal)
        except IntegrityError:  # another machine has sealed the same
            return 0
        return seal.entries
