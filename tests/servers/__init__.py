"""Real servers that tests start in a temporary folder, on the loopback address, and stop again."""
