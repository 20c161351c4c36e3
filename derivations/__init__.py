"""Problem 1: the recurrent network derived, bounded, printed and checked by machine."""
