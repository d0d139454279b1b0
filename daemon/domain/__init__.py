"""Values and rules without I/O: what the rest of the program talks about.

Begin with `messages`, `turns` and `links`.
"""
