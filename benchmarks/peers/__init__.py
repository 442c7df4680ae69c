"""The same answers kept by other means: `make bench-peers`. What they need is in a dependency group of its own."""
