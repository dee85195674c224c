"""A list's filter by days, each as it was typed, so that the page shows it with what is wrong."""

from datetime import UTC, date, datetime, time, timedelta

from webapp.ports.people import Person
from webapp.web.http.params import WRONG_DAY, PageFilter, Text, day


class DayRange(PageFilter):
    """The first and the last day that are looked at; both are optional."""

    since: Text = ""
    until: Text = ""

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with the days, by their fields."""
        return {name: WRONG_DAY for name in ("since", "until") if getattr(self, name) and self._day(name) is None}

    def span(self, person: Person) -> tuple[datetime | None, datetime | None]:
        """Returns from when, and until before when; days are those of this person's time zone."""
        since, until = self._day("since"), self._day("until")
        return (
            _start_of(since, person) if since else None,
            _start_of(until, person) + timedelta(days=1) if until else None,
        )

    def _day(self, name: str) -> date | None:
        try:
            return day(getattr(self, name))
        except ValueError:
            return None


def _start_of(day: date, person: Person) -> datetime:
    return datetime.combine(day, time(), person.zone).astimezone(UTC)
