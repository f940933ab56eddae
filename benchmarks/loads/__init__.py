"""What the load benchmarks share: a cheap client, the servers, players that move, and the look-up after."""
