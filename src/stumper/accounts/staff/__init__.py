"""Who runs the game: roles that are given and taken, and what each player may do."""
