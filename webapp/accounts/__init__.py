"""The accounts room: people, passwords, sessions, tokens, one-time links, the sign-in throttle, the audit trail."""
