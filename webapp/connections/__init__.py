"""The places that notifications go to, and people's inboxes."""
