"""Databases of others that reports are made from, and the queries that an admin saved for them."""
