"""An independent look at what is stored: plain SQL and arithmetic of its own.

Nothing here calls the code that wrote the rows: where a rule of the game is checked, it is written down a
second time, so that a fault in the one shows against the other.
"""
