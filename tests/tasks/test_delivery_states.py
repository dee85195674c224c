"""The closed sets of deliveries: every member has its texts, its facts and its transitions."""

import pytest

from webapp.ports.deliveries import Delivery, Reply, ReplyState
from webapp.ports.delivery_state import FACTS, RESULTS, DeliveryState, SkipReason, find_result, stored_result
from webapp.tasks import summary
from webapp.tasks.ledger.delivery_state import TRANSITIONS, allowed_from
from webapp.tasks.ledger.outcomes import columns_after, in_a_row, rest_of
from webapp.tasks.model import State
from webapp.web.http.render import DELIVERY_LOOKS, templates

MEMBERS = [*DeliveryState, *SkipReason]


def test_every_member_stands_once_in_the_table_and_no_reason_is_called_like_a_state():
    assert set(RESULTS) == set(FACTS) == set(MEMBERS)
    assert len(RESULTS) == len(MEMBERS) == len({*map(str, MEMBERS)})


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_is_found_by_what_is_stored_and_has_its_texts(member):
    assert find_result(member.value) is stored_result(member.value) is member
    assert member.text
    assert member.outcome


def test_the_words_of_a_state_are_those_of_the_glossary():
    words = {state: "saved to the outbox" if state == "saved" else state.value for state in DeliveryState}
    assert {state: state.text for state in DeliveryState} == words


def test_which_are_final_retryable_and_accepted():
    assert {one for one in RESULTS if not one.is_final} == {DeliveryState.WAITING, DeliveryState.SENDING}
    assert {one for one in RESULTS if one.is_retryable} == {
        DeliveryState.WAITING, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.SAVED,
    }  # fmt: skip
    assert {one for one in RESULTS if one.was_accepted} == {DeliveryState.SENT, DeliveryState.RETURNED}
    assert not any(one.is_retryable for one in RESULTS if one.was_accepted or one.may_have_arrived)


def test_transitions_cover_every_state_and_lead_to_states_only():
    assert set(TRANSITIONS) == set(DeliveryState)
    assert all(after <= set(DeliveryState) for after in TRANSITIONS.values())
    assert all(state not in after for state, after in TRANSITIONS.items())


@pytest.mark.parametrize("state", DeliveryState)
def test_allowed_from_is_the_table_read_backwards(state):
    assert {*allowed_from(state)} == {before for before in DeliveryState if state in TRANSITIONS[before]}


def test_what_was_sent_can_only_be_returned_and_what_is_unknown_is_never_sent_automatically():
    assert TRANSITIONS[DeliveryState.SENT] == {DeliveryState.RETURNED}
    assert allowed_from(DeliveryState.RETURNED) == [DeliveryState.SENT]
    assert allowed_from(DeliveryState.SENDING) == [DeliveryState.WAITING]
    assert DeliveryState.SENDING not in TRANSITIONS[DeliveryState.UNKNOWN]


@pytest.mark.parametrize("state", DeliveryState)
def test_retry_may_bring_back_what_is_retryable(state):
    if state.is_retryable and state is not DeliveryState.WAITING:
        assert DeliveryState.WAITING in TRANSITIONS[state]


@pytest.mark.parametrize("waits", [(), (10, 60)])
@pytest.mark.parametrize("reply", ReplyState)
def test_every_reply_settles_a_delivery_as_the_table_allows(reply, waits):
    delivery = Delivery(0, "ana@example.com", {}, attempts=1, message_id="")
    columns = columns_after(delivery, Reply(reply, "So it was."), waits)
    assert columns["state"] in TRANSITIONS[DeliveryState.SENDING]
    assert (columns["next_try"] is not None) == (columns["state"] is DeliveryState.WAITING)
    if reply in (ReplyState.LATER, ReplyState.LOST):
        assert columns["state"] is (DeliveryState.WAITING if waits else DeliveryState.FAILED)
    else:
        assert columns["state"] == reply


@pytest.mark.parametrize("reply", ReplyState)
def test_every_reply_counts_for_or_against_stopping_the_run(reply):
    failures = {"failed": 8, "unknown": 8, "sent": 0, "saved": 0, "later": 7, "lost": 7}
    assert in_a_row(7, Reply(reply, "")) == failures[reply]
    assert (rest_of(Reply(reply, ""), (10, 60)) > 0) == (reply in ("later", "unknown"))


@pytest.mark.parametrize("result", RESULTS)
def test_a_task_is_done_only_if_everything_was_sent_or_left_out_on_purpose(result):
    state, words = summary.of_counts({DeliveryState.SENT: 9_998, result: 2})
    assert (state is State.DONE) == (result is DeliveryState.SENT or result.is_intended)
    assert result is DeliveryState.SENT or f"2 {result.outcome}" in words


@pytest.mark.parametrize("result", RESULTS)
def test_a_task_with_one_result_alone_says_what_became_of_it(result):
    state, words = summary.of_counts({result: 3})
    expected = {DeliveryState.SENT: State.DONE, DeliveryState.FAILED: State.FAILED, SkipReason.EMPTY: State.DONE}
    assert state is expected.get(result, State.ATTENTION)
    assert "3" in words or result is DeliveryState.SAVED


@pytest.mark.parametrize("result", RESULTS)
def test_a_task_that_was_stopped_tells_what_cannot_be_taken_back(result):
    words = summary.stopped_words({result: 3})
    assert ("3 sent and cannot be taken back" in words) == result.was_accepted
    assert ("3 may have arrived" in words) == (result is DeliveryState.UNKNOWN)
    sent = "3 of 3 emails were sent." in summary.failed_words("It broke. Retry.", {result: 3}, "emails")
    assert sent == summary.has_gone_out({result: 3}) == result.was_accepted or result is DeliveryState.UNKNOWN


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_has_a_colour_and_a_sign_on_pages(state):
    chip = templates().from_string('{% from "ui/states.html" import delivery_chip %}{{ delivery_chip(state) }}')
    html = chip.render(state=state)
    assert f'class="state {DELIVERY_LOOKS[state]}"' in html
    assert "#i-" in html or "<use" in html or "<svg" in html
    assert state.text in html


def test_a_value_of_another_version_is_taken_as_unknown():
    assert stored_result("teleported") is DeliveryState.stored("teleported") is DeliveryState.UNKNOWN
    assert find_result("teleported") is None
