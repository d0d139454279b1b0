"""What arrived while we were away is counted up to what was announced, and has an end."""

from daemon.session.backlog import AFTER_THE_LAST, LONGEST_SILENCE, BacklogProgress


def test_what_has_come_is_counted_and_never_more_than_was_announced() -> None:
    progress = BacklogProgress()
    seen = []
    for received in (0, 40, 40, 200, 230):
        assert not progress.is_over(received, 200, 0.0, 0.0)
        seen.append((progress.done, progress.has_moved))
    assert seen == [(0, False), (40, True), (40, False), (200, True), (200, False)]


def test_a_silence_ends_it_and_a_pause_does_not() -> None:
    progress = BacklogProgress()
    assert not progress.is_over(40, 200, LONGEST_SILENCE, 100.0)
    assert progress.is_over(40, 200, LONGEST_SILENCE + 0.1, 100.0)


def test_a_server_that_never_ends_it_is_not_waited_for_in_a_busy_shop() -> None:
    progress = BacklogProgress()
    assert not progress.is_over(200, 200, 0.0, 100.0)
    # customers go on writing: it is never silent
    assert not progress.is_over(205, 200, 0.0, 100.0 + AFTER_THE_LAST)
    assert progress.is_over(206, 200, 0.0, 100.1 + AFTER_THE_LAST)
