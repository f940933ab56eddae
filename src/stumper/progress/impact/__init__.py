"""What players' catches changed: a tuned model is asked each of them again, and the players hear of it."""
