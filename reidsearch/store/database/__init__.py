"""SQLite and its schema: engines, the writer lock, migrations, prepared statements."""
