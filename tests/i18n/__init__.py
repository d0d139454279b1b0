"""The catalogue: every text in every language, and what may not be said."""
