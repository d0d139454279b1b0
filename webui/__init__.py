"""The inbox in the browser. Begin with `app`, which puts the rooms together."""
