"""What every page needs.

The present account, forms, errors, security, how times and numbers are written, the layout.
"""
