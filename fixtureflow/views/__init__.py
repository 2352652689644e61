"""Views: what records tell a person, without becoming records again."""
