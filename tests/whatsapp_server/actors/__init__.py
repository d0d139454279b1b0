"""In-process WhatsApp devices: the shop's phone, its companions, and its customers."""
