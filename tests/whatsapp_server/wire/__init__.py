"""The wire of WhatsApp: encodings, handshake and end-to-end cryptography, free of any server role."""
