"""Marks, votes, claims and players of a campaign as files for research: pseudonymous, streamed, ordered."""
