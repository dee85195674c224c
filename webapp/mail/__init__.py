"""The mail room: reads addresses, composes messages, and hands them to a mail server or to the outbox."""
