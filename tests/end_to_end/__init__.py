"""From the first start to an answered customer, with the real daemon, a simulated WhatsApp and a browser."""
