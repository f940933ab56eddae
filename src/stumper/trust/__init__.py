"""Stage 3, what controls say about a player: `rewards`, `evidence`, and the `grade` of a session."""
