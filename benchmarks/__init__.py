"""What a sync costs, as figures that anyone can print: `make bench`."""
