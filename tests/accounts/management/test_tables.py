from accounts.management.tables import records, shortened, table


def test_columns_are_as_wide_as_their_longest_cell():
    assert table(("a", "n"), [("long name", "1"), ("b", "22")], right=[1]).splitlines() == [
        "a           n",
        "long name   1",
        "b          22",
    ]


def test_records_have_a_line_for_each_cell():
    assert records(("hint", "id"), [("…4f2A", "x")]) == "hint  …4f2A\nid    x"


def test_the_middle_is_left_out_of_what_is_too_long():
    assert shortened("openai/gpt-4o-2024", 9) == "open…2024"
    assert shortened("short", 9) == "short"
