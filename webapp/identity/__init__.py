"""Makes sure that one data directory, one database, one key and one machine belong together."""
