"""What operators do with an installation: check what is stored, back it up, restore it, find faults."""
