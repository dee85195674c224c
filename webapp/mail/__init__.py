"""Reads addresses, composes messages, and sends them to a mail server or saves them to the outbox."""
