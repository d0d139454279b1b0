"""`python -m daemon.session --account ID`, as the supervisor starts it."""

from daemon.session.process import main

main()
