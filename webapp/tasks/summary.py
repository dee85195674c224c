"""The outcome of a task as sentences, from the counts of its deliveries."""

from webapp.ports.delivery_state import RESULTS, Counts, DeliveryState, SkipReason, accepted
from webapp.tasks.model import State


def of_counts(counts: Counts) -> tuple[State, str]:
    """Returns the state in which a task with these deliveries ends, and its outcome."""
    left_out = sum(number for result, number in counts.items() if result.is_intended)
    total, sent = sum(counts.values()) - left_out, counts.get(DeliveryState.SENT, 0)
    if sent == total and not left_out:
        return State.DONE, f"{sent:,} sent." if total != 1 else "Sent."
    if set(counts) == {SkipReason.EMPTY}:
        return State.DONE, _parts(counts)
    if sent and sent == total:
        return State.DONE, _parts(counts)
    if total and counts.get(DeliveryState.SAVED, 0) == total:
        return State.ATTENTION, "Saved to the outbox, not sent."
    if total and counts.get(DeliveryState.FAILED, 0) == total:
        return State.FAILED, _all_failed(total)
    return State.ATTENTION, _parts(counts)


def stopped_words(counts: Counts, not_prepared: int = 0) -> str:
    """Returns what a cancelled task has and has not done."""
    if not counts and not not_prepared:
        return "Cancelled. Nothing was done."
    sent, unknown = accepted(counts), counts.get(DeliveryState.UNKNOWN, 0)
    rest = sum(counts.values()) + not_prepared - sent - unknown
    words = f"{sent:,} sent and cannot be taken back. {rest:,} not sent." if sent else f"Nothing was sent to {rest:,}."
    if not sent and not unknown:
        return "Cancelled. Nothing was sent."
    return f"Cancelled. {words}" + (f" {unknown:,} may have arrived." if unknown else "")


def failed_words(words: str, counts: Counts, noun: str) -> str:
    """Returns what happened, what was done, and what to do now: the middle sentence comes from the counts."""
    total = sum(counts.values())
    if not total:
        return words
    sent = accepted(counts)
    done = (
        f"{sent:,} of {total:,} {noun} were sent." if total != 1 else ("It was sent." if sent else "Nothing was sent.")
    )
    first, dot, rest = words.partition(". ")
    return f"{first}. {done} {rest}" if dot else f"{words} {done}"


def has_gone_out(counts: Counts) -> bool:
    """Returns True if a message was sent, or perhaps was."""
    return bool(accepted(counts) or counts.get(DeliveryState.UNKNOWN, 0))


def _all_failed(total: int) -> str:
    return "It was refused. Nothing was sent." if total == 1 else f"All {total:,} were refused. Nothing was sent."


def _parts(counts: Counts) -> str:
    return ", ".join(f"{counts[result]:,} {result.outcome}" for result in RESULTS if counts.get(result)) + "."
