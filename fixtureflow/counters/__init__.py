"""What numbers new rows: PostgreSQL's sequences, MariaDB's AUTO_INCREMENT, SQLite's sqlite_sequence."""
