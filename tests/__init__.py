"""One folder of tests for each room, `support` for what they share.

`architecture` keeps the house in shape, `end_to_end` walks through it, `bench` measures it, `whatsapp_server` is a
WhatsApp on loopback.
"""
