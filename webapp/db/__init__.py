"""The database room: tables, transactions, migrations."""
