"""Processes on SQLite that die at crash points, or freeze beyond their lease: the ledgers agree all the same."""

from pathlib import Path

from tests.faults.runs import die_often, freeze


def test_half_a_hundred_deaths_change_nothing_in_what_the_ledgers_say(tmp_path: Path) -> None:
    die_often(tmp_path, "sqlite")


def test_a_zombie_neither_sends_nor_overwrites(tmp_path: Path) -> None:
    freeze(tmp_path, "sqlite", times=2)
