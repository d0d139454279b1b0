"""What makes a service of it: the children, their signs of life, and what systemd is told."""
