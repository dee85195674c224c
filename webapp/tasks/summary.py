"""What became of a task, in plain words, from the counts of its deliveries."""

from collections.abc import Mapping

from webapp.tasks.model import State

ON_PURPOSE = ("duplicate", "again", "never", "empty")  # left out as somebody wanted it: no reason to look at the task


def of_counts(counts: Mapping[str, int]) -> tuple[State, str]:
    """The state in which a task with these deliveries ends, and the words for it."""
    left_out = sum(counts.get(why, 0) for why in ON_PURPOSE)
    total, sent = sum(counts.values()) - left_out, counts.get("sent", 0)
    if sent == total and not left_out:
        return State.DONE, f"{sent:,} sent." if total != 1 else "Sent."
    if set(counts) == {"empty"}:
        return State.DONE, _parts(counts)
    if sent and sent == total:
        return State.DONE, _parts(counts)
    if total and counts.get("saved", 0) == total:
        return State.ATTENTION, "Saved to the outbox, not sent."
    if total and counts.get("failed", 0) == total:
        return State.FAILED, _all_failed(total)
    return State.ATTENTION, _parts(counts)


def stopped_words(counts: Mapping[str, int], not_prepared: int = 0) -> str:
    """What a cancelled task has and has not done."""
    if not counts and not not_prepared:
        return "Cancelled. Nothing was done."
    sent, unknown = counts.get("sent", 0), counts.get("unknown", 0)
    rest = sum(counts.values()) + not_prepared - sent - unknown
    words = f"{sent:,} sent and cannot be taken back. {rest:,} not sent." if sent else f"Nothing was sent to {rest:,}."
    if not sent and not unknown:
        return "Cancelled. Nothing was sent."
    return f"Cancelled. {words}" + (f" {unknown:,} may have arrived." if unknown else "")


def failed_words(words: str, counts: Mapping[str, int], noun: str) -> str:
    """What happened, what has been done, what to do now: the middle sentence comes from the counts."""
    total = sum(counts.values())
    if not total:
        return words
    sent = counts.get("sent", 0)
    done = (
        f"{sent:,} of {total:,} {noun} were sent." if total != 1 else ("It was sent." if sent else "Nothing was sent.")
    )
    first, dot, rest = words.partition(". ")
    return f"{first}. {done} {rest}" if dot else f"{words} {done}"


def _all_failed(total: int) -> str:
    return "It was refused. Nothing was sent." if total == 1 else f"All {total:,} were refused. Nothing was sent."


_NAMES = {
    "sent": "sent",
    "failed": "failed",
    "unknown": "may have arrived: nobody knows",
    "saved": "saved to the outbox, not sent",
    "skipped": "skipped",
    "bad": "had no valid address",
    "duplicate": "left out as duplicates",
    "again": "left out: they got it before",
    "never": "left out: nobody writes to them",
    "empty": "not sent: there was nothing to send",
    "waiting": "not sent yet",
    "sending": "being sent",
}


def _parts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[state]:,} {name}" for state, name in _NAMES.items() if counts.get(state)) + "."
