"""SQL and nothing but SQL.

`engine` opens the database, `tables` has its tables, `migrations` their changes, and the other modules one
aggregate each. Functions take a connection; the caller owns the transaction.
"""
