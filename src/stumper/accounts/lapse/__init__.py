"""Deleting by age what is no longer needed about players."""
