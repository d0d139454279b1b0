"""The command line, one module for each command of `daemon.cli`; each begins with `opening`."""
