"""The referee's desk as rows; its rules are in `stumper.curate.peers`."""
