"""Records read a second time, anywhere, a part of them, or some of their columns."""
