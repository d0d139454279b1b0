"""What open pages hear.

`changes` reads what the event log's news are about, `updates` words them, `hub` hands them to each tab through
its `websocket`.
"""
