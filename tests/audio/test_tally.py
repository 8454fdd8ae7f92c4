from audio.tally import Tally


def test_counts_of_several_workers_add_up(tmp_path):
    one, two = (Tally(tmp_path / "tally.json") for _ in range(2))
    one.hit()
    two.hit()
    two.miss()
    one.save()
    two.save()
    two.save()
    assert (one.total().hits, one.total().misses) == (2, 1)


def test_counts_wait_for_a_disk_that_works(tmp_path):
    (tmp_path / "dir").write_text("in the way")
    tally = Tally(tmp_path / "dir" / "tally.json")
    tally.hit()
    tally.save()
    (tmp_path / "dir").unlink()
    tally.save()
    assert tally.total().hits == 1


def test_a_damaged_file_counts_from_nothing(tmp_path):
    (tmp_path / "tally.json").write_text("{")
    tally = Tally(tmp_path / "tally.json")
    tally.miss()
    tally.save()
    assert tally.total().misses == 1
