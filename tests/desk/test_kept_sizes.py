"""How much room is taken by what is kept: each kind by itself, whatever else lies there."""

from pathlib import Path

from daemon.desk import kept_sizes


def _write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


def test_each_kind_is_counted_by_itself(tmp_path: Path) -> None:
    _write(tmp_path / "balas.db", 1000)
    _write(tmp_path / "balas.db-wal", 200)
    _write(tmp_path / "media/1/7.jpg", 30)
    _write(tmp_path / "media/2/8.pdf", 40)
    _write(tmp_path / f"media/1/out-{'a' * 64}.jpg", 5)
    _write(tmp_path / "backups/balas-1.tar", 3)
    found = kept_sizes.measure(tmp_path, tmp_path / "balas.db")
    assert (found.books, found.came, found.left, found.backups) == (1200, 70, 5, 3)
    assert (found.files, found.kept) == (75, 1278)
    assert found.free > 0


def test_a_folder_without_anything_in_it_takes_no_room(tmp_path: Path) -> None:
    assert kept_sizes.measure(tmp_path, tmp_path / "balas.db").kept == 0
