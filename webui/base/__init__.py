"""What every page needs.

The present account, forms, errors, security, how times and sizes are written, the layout.
"""
