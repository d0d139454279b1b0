"""The daemon's life: it starts, watches and restarts the sessions and the inbox. Begin with `process`."""
