from resilience.first_content import HALF_LIFE_SECONDS, FirstContent


def test_nothing_is_known_before_the_first_sample():
    assert FirstContent().mean(5.0, is_busy=True) is None


def test_a_sample_that_is_a_half_life_old_counts_half():
    times = FirstContent()
    times.note(1.0, 0.0)
    times.note(4.0, HALF_LIFE_SECONDS)
    assert times.mean(HALF_LIFE_SECONDS, is_busy=True) == 3.0
    assert times.samples == 2


def test_only_an_idle_target_becomes_quicker_with_time():
    times = FirstContent()
    times.note(2.0, 0.0)
    assert times.mean(HALF_LIFE_SECONDS, is_busy=True) == 2.0
    assert times.mean(HALF_LIFE_SECONDS, is_busy=False) == 1.0


def test_what_was_forgotten_does_not_count():
    times = FirstContent()
    times.note(8.0, 0.0)
    times.forget()
    times.note(2.0, 1.0)
    assert times.mean(1.0, is_busy=True) == 2.0
