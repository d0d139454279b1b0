"""The only room that imports neonize.

Begin with `client`; `translate` turns what arrives into values of the domain, `send` and `content` are its
counterparts.
"""
