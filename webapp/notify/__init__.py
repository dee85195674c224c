"""The notify room: the places where a notification can go."""
