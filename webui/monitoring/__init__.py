"""What machines that watch over Balas may ask: `health` answers them, `gauges` has the figures."""
