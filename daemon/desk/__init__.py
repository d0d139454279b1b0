"""The shared desk: who answers whom, and every change that people or the desk itself make.

Begin with `replies`, the one door to the outbox; `worker` does what the clock brings.
"""
