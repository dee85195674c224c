"""How numbers, sizes, times and lengths of time are written on pages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.clock import now

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: int) -> str:
    """1240 → 1,240."""
    return f"{value:,}"


def size(value: int) -> str:
    """Bytes as people read them: 812 bytes, 4.2 MB."""
    if value < 1_000:
        return f"{value} byte{'' if value == 1 else 's'}"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007
        amount /= 1_000
        if amount < 999.5:
            break
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def plural(count: int, one: str, many: str = "") -> str:
    """1 task, 12 tasks."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """3 Nov 2026."""
    local = moment.astimezone(zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def near_day(moment: datetime, zone: ZoneInfo) -> str:
    """3 Dec; with the year where it is not this one."""
    written = day(moment, zone)
    return written.removesuffix(f" {now().astimezone(zone).year}")


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """3 Nov 2026, 10:42."""
    return f"{day(moment, zone)}, {moment.astimezone(zone):%H:%M}"


def when(moment: datetime, zone: ZoneInfo) -> str:
    """Today, 10:42; yesterday, 18:00; 3 Nov 2026, 10:42."""
    local = moment.astimezone(zone)
    days = (now().astimezone(zone).date() - local.date()).days
    names = {0: "today", 1: "yesterday"}
    return f"{names.get(days) or day(moment, zone)}, {local:%H:%M}"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """10:42:17."""
    return f"{moment.astimezone(zone):%H:%M:%S}"


def iso(moment: datetime) -> str:
    """For the datetime attribute of <time>."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def lasting(span: timedelta) -> str:
    """4 s, 3 min 20 s, 2 h 5 min."""
    seconds = max(0, round(span.total_seconds()))
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def about(seconds: float) -> str:
    """Returns an estimate, marked as one: about 2 minutes."""
    if seconds < 50:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {plural(max(1, minutes), 'minute')}"
    return f"about {plural(round(minutes / 60), 'hour')}"


def days_left(moment: datetime) -> int:
    """Whole days until then, never below 0."""
    return max(0, (moment - now()).days)
