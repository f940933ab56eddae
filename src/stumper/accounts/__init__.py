"""A player beyond one device: codes to go on elsewhere, links to other services, export, being forgotten."""
