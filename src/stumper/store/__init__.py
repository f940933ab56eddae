"""Where things are kept: what may not be lost in the database, what may be lost in the cache."""
