"""What is collected of each kind, what the model fails on, what is missing, and what it is worth."""
