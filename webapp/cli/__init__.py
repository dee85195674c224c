"""The command room: what a terminal offers; nothing here is needed to click."""
