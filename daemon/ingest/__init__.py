"""What WhatsApp tells, written down: one event, one transaction.

Begin with `commit`, which hands each kind of event on.
"""
