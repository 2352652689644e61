"""Values of fields: as a fixture has them, and as a database stores them."""
