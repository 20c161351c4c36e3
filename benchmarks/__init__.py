"""Side-by-side measurements against the programs that a user would pick instead."""
