"""All that is kept about one player, for them to take away."""
