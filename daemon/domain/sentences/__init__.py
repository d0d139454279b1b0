"""States in words for a shopkeeper, as English msgids: the link, the phone, the import of history, alerts."""
