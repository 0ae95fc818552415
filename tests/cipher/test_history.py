"""The table of a run's figures."""

import math

import pytest

from fastrnn.cipher.history import COLUMNS, Epoch, from_csv, to_csv

ROWS = [
    Epoch(1, 1.0 / 3, 0.25, 2.0 / 3, 0.5, 3.25),
    Epoch(2, math.nan, 0.5, math.inf, 0.75, 1e-9),
]


def test_columns():
    assert ",".join(COLUMNS) == "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    assert to_csv([]) == "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n"


def test_every_digit_comes_back():
    again = from_csv(to_csv(ROWS))
    assert again[0] == ROWS[0]
    assert repr(again) == repr(ROWS)


def test_without_held_out_sentences():
    row = Epoch(1, 0.5, 0.25, None, None, 1.0)
    assert to_csv([row]).splitlines()[1] == "1,0.5,0.25,,,1.0"
    assert from_csv(to_csv([row])) == [row]
    assert row.score == 0.5
    assert ROWS[0].score == 2.0 / 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line"),
        ("epoch,loss\n", "first line"),
        (to_csv(ROWS) + "3,1\n", "line 4 should be"),
        (to_csv(ROWS[1:]), "line 2 should be"),
        (to_csv(ROWS).replace("0.25", "much"), "much"),
        (to_csv(ROWS).replace("0.25", ""), "line 2 lacks"),
    ],
)
def test_a_damaged_table_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        from_csv(text)
