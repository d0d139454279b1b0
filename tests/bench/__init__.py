"""Measurements: `scripts/bench NAME --json`; every figure is taken on the running product."""
