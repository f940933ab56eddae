"""A vote as rows; its rules are in `stumper.curate.peers`."""
