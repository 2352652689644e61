"""Models and records as graphs: their order and their loops."""
