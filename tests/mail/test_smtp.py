"""Each point at which a conversation may break off, and each answer that a server may give."""

import pytest

from tests.mail.conftest import letter
from tests.servers import MailServer
from tests.waiting import until
from webapp.mail.envelope import dotted
from webapp.mail.smtp import Patience, SmtpServer

ANA, BEN = "ana@example.com", "ben@example.com"
ALWAYS = float("inf")


def send(sender: SmtpServer, to: str = ANA) -> tuple[str, str]:
    sender.ready()
    reply = sender.send(letter(to), to)
    return reply.state, reply.words


def test_one_connection_serves_many_messages(server: MailServer, sender: SmtpServer):
    people = [f"p{number}@example.com" for number in range(20)]
    assert {send(sender, to)[0] for to in people} == {"sent"}
    assert list(server.counts()) == people
    assert server.connections == 1


def test_the_reply_of_a_sent_message_keeps_what_the_server_said(sender: SmtpServer):
    reply = sender.send(letter(), ANA)
    assert (reply.state, reply.technical) == ("sent", "250 2.0.0 Ok: queued")


def test_the_end_of_the_block_says_goodbye(server: MailServer, open_sender):
    with open_sender(server) as sender:
        send(sender)
    until(lambda: server.commands[-1].upper() == "QUIT")


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_a_connection_that_breaks_before_the_354_has_handed_nothing_over(server, sender, at):
    server.on(at, drop=True)
    assert send(sender)[0] == "lost"
    assert not server.messages
    assert send(sender)[0] == "sent"
    assert server.counts() == {ANA: 1}


@pytest.mark.parametrize(("at", "taken"), [("content", False), ("end", False), ("end", True)])
def test_a_connection_that_breaks_after_the_354_leaves_it_unknown(server, sender, at, taken):
    server.on(at, drop=True, taken=taken)
    assert send(sender) == (
        "unknown",
        "It may have arrived. The connection broke after the message was handed over.",
    )
    assert len(server.messages) == taken
    assert send(sender, BEN)[0] == "sent"


def test_a_large_message_cut_off_while_it_is_written_is_unknown(server, sender):
    server.on("content", drop=True)
    reply = sender.send(letter(body="x" * 5_000_000), ANA)
    assert reply.state == "unknown"


def test_a_refusal_said_while_the_message_is_still_written_is_heard(server, sender):
    server.on("content", say="552 5.3.4 Too big")
    reply = sender.send(letter(body="x" * 5_000_000), ANA)
    assert (reply.state, reply.words) == ("failed", "The message is too large for the mail server.")
    assert send(sender)[0] == "sent"


def test_silence_before_the_354_is_lost_and_after_it_unknown(server, open_sender):
    sender = open_sender(server, patience=Patience(command=0.3, reply=0.3))
    server.on("rcpt", wait=1)
    assert send(sender)[0] == "lost"
    server.on("end", wait=1)
    assert send(sender)[0] == "unknown"
    assert send(sender, BEN)[0] == "sent"


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("code", [450, 451, 452])
def test_a_4xx_asks_for_a_later_try_and_the_connection_serves_on(server, sender, at, code):
    server.on(at, say=f"{code} 4.7.1 Greylisted")
    reply = sender.send(letter(), ANA)
    assert (reply.state, reply.words) == ("later", "The mail server asked to try again later.")
    assert reply.technical == f"{code} 4.7.1 Greylisted"
    assert send(sender, BEN)[0] == "sent"
    assert (server.connections, server.counts()) == (1, {BEN: 1})


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "end"])
def test_a_421_asks_for_a_later_try_on_a_new_connection(server, sender, at):
    server.on(at, say="421 4.3.2 Shutting down")
    assert send(sender)[0] == "later"
    assert send(sender)[0] == "sent"
    assert (server.connections, server.counts()) == (2, {ANA: 1})


@pytest.mark.parametrize(
    ("at", "say", "words"),
    [
        ("rcpt", "550 5.1.1 No such user", "There is no such mailbox."),
        ("rcpt", "550 No such user", "There is no such mailbox."),
        ("rcpt", "550 5.7.1 Blocked", "The mail server refused it by its own rules, perhaps as unwanted mail."),
        (
            "rcpt",
            "554 5.7.1 Relay access denied",
            "The mail server passes nothing on to this address. Ask an admin to check the sign-in in Settings → Mail.",
        ),
        ("rcpt", "552 5.2.2 Over quota", "The mailbox is full."),
        ("rcpt", "553 Bad syntax", "The mail server does not understand this address."),
        ("rcpt", "501 Bad syntax", "The mail server does not understand this address."),
        ("rcpt", "556 5.1.10 null MX", "The part after the @ does not exist, or takes no mail."),
        ("mail", "552 Too big", "The message is too large for the mail server."),
        ("mail", "530 5.7.0 Sign in", "The mail server wants a sign-in first. Ask an admin to check Settings → Mail."),
        ("data", "554 No", "The mail server refused it."),
        ("end", "552 5.3.4 Too big", "The message is too large for the mail server."),
        ("end", "554 Spam", "The mail server refused it by its own rules, perhaps as unwanted mail."),
    ],
)
def test_a_5xx_is_final_and_explained_and_the_connection_serves_on(server, sender, at, say, words):
    server.on(at, say=say)
    reply = sender.send(letter(), ANA)
    assert (reply.state, reply.words, reply.technical) == ("failed", words, say)
    assert send(sender, BEN)[0] == "sent"
    assert (server.connections, server.counts()) == (1, {BEN: 1})


@pytest.mark.parametrize(("at", "say"), [("rcpt", "550 5.1.1 No such user"), ("mail", "450 4.7.1 Later")])
def test_a_server_that_waits_for_a_message_although_it_refused_gets_none(server, sender, at, say):
    server.careless = True
    server.on(at, say=say)
    assert send(sender)[0] in ("failed", "later")
    assert send(sender, BEN)[0] == "sent"
    assert server.counts() == {BEN: 1}


def test_a_refused_sender_is_the_admins_to_correct(server, sender):
    server.on("mail", say="553 5.7.1 not owned by user")
    assert "sender in Settings → Mail" in send(sender)[1]


def test_an_answer_on_several_lines_and_in_another_encoding_is_kept_on_one(server, sender):
    server.on("rcpt", say="550-5.1.1 No\r\n550 5.1.1 such   usér")
    assert sender.send(letter(), ANA).technical == "550 5.1.1 No 5.1.1 such usér"


@pytest.mark.parametrize(("at", "state"), [("mail", "lost"), ("rcpt", "lost"), ("data", "lost"), ("end", "unknown")])
@pytest.mark.parametrize("say", ["nonsense", "299" * 10_000])
def test_an_answer_without_sense_ends_the_connection(server, sender, at, state, say):
    server.on(at, say=say)
    assert send(sender)[0] == state
    assert send(sender)[0] == "sent"
    assert server.connections == 2


def test_a_refusal_followed_by_a_broken_connection_stays_a_refusal(server, sender):
    server.on("rcpt", say="550 5.1.1 No")
    server.on("rset", drop=True)
    assert send(sender)[0] == "failed"
    assert send(sender, BEN)[0] == "sent"


def test_a_server_that_was_restarted_between_two_messages_is_connected_to_again(server, sender):
    send(sender)
    server.break_connections()
    until(lambda: server.connections_now == 0)
    assert send(sender, BEN)[0] == "sent"
    assert server.connections == 2


def test_a_connection_that_was_idle_is_tried_before_use(server, sender, monkeypatch):
    monkeypatch.setattr("webapp.mail.smtp.IDLE_SECONDS", 0)
    server.on("noop", drop=True)
    assert send(sender)[0] == "sent"
    assert send(sender)[0] == "sent"
    assert (server.connections, [c.upper() for c in server.commands].count("NOOP")) == (2, 2)


def test_without_a_connection_nothing_is_handed_over(server, sender):
    server.on("end", drop=True)
    send(sender)
    assert sender.send(letter(), ANA).state == "lost"


def test_the_recipient_gets_exactly_what_was_composed(server, sender):
    message = letter(body="Dear Ana,\n.\n..two\n.hidden line\nbye\n" + "x" * 3000)
    sender.send(message, ANA)
    assert server.messages[0].content == message.content
    assert (server.messages[0].sender, server.messages[0].to) == ("office@example.com", ANA)


def test_no_line_break_but_crlf_leaves_the_house():
    assert dotted(b"a\nb\rc\r\n.d\n.") == b"a\r\nb\r\nc\r\n..d\r\n..\r\n.\r\n"
    assert dotted(b"a\r\n") == b"a\r\n.\r\n"


def test_an_address_with_letters_of_all_kinds_needs_a_server_that_knows_them(server, sender):
    reply = sender.send(letter("josé@example.com"), "josé@example.com")
    assert (reply.state, "before the @" in reply.words) == ("failed", True)
    assert send(sender)[0] == "sent"


def test_a_server_with_smtputf8_gets_such_an_address_as_it_is(open_sender):
    with MailServer(extensions=("8BITMIME", "SMTPUTF8")) as server:
        sender = open_sender(server)
        assert send(sender, "josé@müller.de")[0] == "sent"
        assert send(sender, ANA)[0] == "sent"
    assert server.counts() == {"josé@xn--mller-kva.de": 1, ANA: 1}
    assert "To: josé@xn--mller-kva.de".encode() in server.messages[0].content
    assert [c.endswith("SMTPUTF8") for c in server.commands if c.upper().startswith("MAIL")] == [True, False]


def test_any_server_takes_a_domain_with_letters_of_all_kinds(server, sender):
    assert send(sender, "ana@müller.de")[0] == "sent"
    assert server.counts() == {"ana@xn--mller-kva.de": 1}


def test_a_local_part_in_quotes_arrives(server, sender):
    assert send(sender, '"ana ruiz"@example.com')[0] == "sent"
    assert server.counts() == {'"ana ruiz"@example.com': 1}


def test_a_server_of_the_old_kind_is_spoken_to_in_its_way(server, open_sender):
    server.on("ehlo", say="502 no EHLO")
    assert send(open_sender(server))[0] == "sent"
    assert server.commands[1].upper().startswith("HELO")


class TestBegun:
    """The envelope of a message that goes ahead, while the ledger writes down that the message begins."""

    def test_nothing_arrives_of_a_message_that_does_not_follow(self, server, sender):
        sender.send(letter(number=1), "ana@example.com")
        sender.begin("ben@example.com")
        sender.give_up()
        sender.ready()
        assert sender.send(letter("cleo@example.com", number=2), "cleo@example.com").state == "sent"
        assert server.counts() == {"ana@example.com": 1, "cleo@example.com": 1}

    def test_the_message_that_follows_arrives_once(self, server, sender):
        for number, to in enumerate(("ana@example.com", "ben@example.com")):
            sender.begin(to)
            sender.begin(to)
            assert sender.send(letter(to, number=number), to).state == "sent"
        assert server.counts() == {"ana@example.com": 1, "ben@example.com": 1}

    def test_another_message_than_the_one_begun_goes_to_nobody(self, server, sender):
        sender.begin("ana@example.com")
        reply = sender.send(letter("ben@example.com"), "ben@example.com")
        assert reply.state == "lost" or server.counts() == {"ben@example.com": 1}
        assert "ana@example.com" not in server.counts()

    def test_a_refusal_is_that_of_whom_it_was_begun_for(self, server, sender):
        server.on("rcpt", to="ben@example.com", say="550 5.1.1 Who?")
        sender.begin("ben@example.com")
        assert sender.send(letter("ben@example.com"), "ben@example.com").state == "failed"
        sender.ready()
        sender.begin("ana@example.com")
        assert sender.send(letter(), "ana@example.com").state == "sent"
        assert server.counts() == {"ana@example.com": 1}

    def test_a_connection_that_breaks_before_the_message_is_lost_not_unknown(self, server, sender):
        server.on("data", to="ana@example.com", drop=True)
        sender.begin("ana@example.com")
        assert sender.send(letter(), "ana@example.com").state == "lost"

    def test_leaving_ends_what_was_begun(self, server, sender):
        sender.begin("ana@example.com")
        sender.step_aside()
        assert server.counts() == {}
