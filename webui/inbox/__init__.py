"""The list of conversations and the thread: one module for each thing that one sees.

Begin with `routes` and `page`; `blueprints` lists what answers to an address.
"""
