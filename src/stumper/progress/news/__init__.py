"""What a player is told once, on their page and, where they allow it, outside the game."""
