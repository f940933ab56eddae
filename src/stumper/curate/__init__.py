"""Stage 4: claims get a category, are checked by peers, and become examples."""
