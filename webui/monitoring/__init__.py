"""What machines that watch over Balas may ask: `health` answers them, `gauges` says how much and since when."""
