"""What decided claims are to be paid, as rows; the rules are in `stumper.curate.payday`."""
