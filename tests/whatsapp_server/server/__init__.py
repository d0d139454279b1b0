"""The server's role: directory, routing, offline queues, pairing, and the sockets the real client connects to."""
