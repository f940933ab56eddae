"""What an operator's Prometheus reads: numbers of the process, and those that only the database knows."""
