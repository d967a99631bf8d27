"""Faults, load, attackers: what must hold whatever happens. The long part runs by `make test-faults`."""
