"""The message catalogue: English texts in the shop's languages, read from `translations`. Knows nobody."""
