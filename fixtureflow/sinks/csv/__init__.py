"""Records → a folder of CSV files, one a table, and the script that has the database's own client load them."""
