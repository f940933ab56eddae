"""Stage 2: a session of turns. A player asks, the model answers, the player judges: see `game`."""
