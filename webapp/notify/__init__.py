"""Sends notifications: Apprise, the guard of addresses, the log file."""
