"""What tests share.

`shop` runs a whole daemon on a simulated WhatsApp (`moved_shop` moves its days, `inbox` looks into it); `books`
writes rows at given times (`staffed_books` with two admins and customers of just now); `builders` makes small
values, `waiting` waits, `command_line` runs `balas`, `browser` is Chromium, `alert_receiver` takes alerts, `fence`
is the unit's cage, `passkey` knows what no text may recommend, and `open_connections` finds what was never closed.
"""
