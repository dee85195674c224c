"""People, passwords, sessions, tokens, one-time links, the sign-in throttle."""
