"""What a player has done that deserves a badge, as rows; the rules are in `stumper.progress.badges`."""
