"""The steps of a disk that fills up come in the order in which somebody can still do something."""

from daemon.domain import disk_space


def test_everybody_is_told_of_a_filling_disk_before_receiving_stops() -> None:
    steps = [
        disk_space.HINTED_BELOW,
        disk_space.FINE_FROM,
        disk_space.ALERTED_BELOW,
        disk_space.FETCHES_FROM,
        disk_space.WRONG_BELOW,
        disk_space.GOES_ON_FROM,
        disk_space.STOPS_BELOW,
    ]
    assert steps == sorted(set(steps), reverse=True)
