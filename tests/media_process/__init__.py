"""The small process that fetches an attachment: what it believes, and what it does not."""
