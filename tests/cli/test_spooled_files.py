"""Loads of more entries than are kept in memory: they print what others print, and take little of it."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from alerts.store import Store
from tests.cli.conftest import NOW, Alerts
from tests.run_wide import ROOT

HEADINGS = "key,title,deadline\n"
FEW, MANY, FILES = 10_000, 60_000, 3
MOST_OF_EACH = 500  # octets: 330; where entries are kept in memory it is 1,000
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
WRONG = {
    "a.csv": HEADINGS + "a,A,2027-01-01\nb,B,P1D after z\nc,C,P1D after a\n",
    "b.yaml": "commitments:\n  - {key: b, title: B, deadline: 2027-02-01}\n"
    "  - {key: d, title: D, deadline: P1D after e}\n",
    "c.csv": HEADINGS + "e,E,P1D after d\na,A,2027-01-01\nd,D,2027-01-01\nf,F,soon\n",
}


@pytest.fixture(params=[5_000, 1, 0], ids=["in-memory", "one-in-memory", "in-a-file"])
def most_kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    for module in ("alerts.entry_spool", "alerts.store.file_load"):
        monkeypatch.setattr(f"{module}.KEPT", request.param)
    return int(request.param)


@pytest.mark.usefixtures("most_kept")
def test_all_problems_are_printed_in_the_order_of_the_files(alerts: Alerts, home: Path) -> None:
    for name, text in WRONG.items():
        (home / name).write_text(text)
    wrong = alerts("load", *WRONG, "--at", NOW)
    assert (wrong.code, wrong.out) == (1, "")
    lines = [line.removeprefix("alerts: ") for line in wrong.err.splitlines()]
    assert lines[:-1] == [
        "a.csv:3: deadline depends on 'z', which is not tracked; known: a, b, c, d, e",
        'b.yaml:2: the key "b" is used twice, first at a.csv:3',
        "b.yaml:3: deadlines depend on each other in a circle: d → e → d; change one of them",
        'c.csv:3: the key "a" is used twice, first at a.csv:2',
        'c.csv:4: the key "d" is used twice, first at b.yaml:3',
    ]
    assert lines[-1].startswith("c.csv:C5: deadline: `soon`: ")
    assert not (home / "alerts.db").exists() or "no commitments yet" in alerts("list").out


@pytest.mark.usefixtures("most_kept")
def test_entries_depend_on_those_of_any_file_and_the_standard_input_is_one(
    alerts: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "a.csv").write_text(HEADINGS + "a,A,P1D after c\nb,B,every month on the 31st from 2027-01-31\n")
    text = io.TextIOWrapper(io.BytesIO(f"{HEADINGS}c,C,2027-01-01\nd,D,P1D after a\n".encode()))
    monkeypatch.setattr(sys, "stdin", text)
    loaded = alerts("load", "a.csv", "-", "--format", "csv", "--at", NOW)
    assert loaded.out.startswith("loaded: 4 new, 0 changed")
    assert "b: `every FREQ=MONTHLY;BYMONTHDAY=31 from 2027-01-31` skips each month that has no day 31" in loaded.err
    store = Store(f"sqlite:///{home}/alerts.db")
    with store.database.read() as connection:
        stored = connection.exec_driver_sql("SELECT key, loaded_from, latest FROM commitments ORDER BY id").all()
    store.close()
    assert [(key, name.rpartition("/")[2], str(latest)[:10]) for key, name, latest in stored] == [
        ("c", "-", "2027-01-02"), ("b", "a.csv", "None"), ("a", "a.csv", "2027-01-03"), ("d", "-", "2027-01-04"),
    ]  # fmt: skip
    again = alerts("load", "a.csv", "--at", NOW)
    assert again.out.startswith("loaded: 0 new, 0 changed, 0 moved, 2 unchanged")


@pytest.mark.parametrize("most_kept", [0], indirect=True)
def test_without_a_folder_for_temporary_files_nothing_is_stored(
    alerts: Alerts, home: Path, most_kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home / "gone"))
    (home / "a.csv").write_text(HEADINGS + "a,A,2027-01-01\n")
    todo = "BEGIN:VTODO\r\nUID:c\r\nSUMMARY:C\r\nDUE;VALUE=DATE:20270101\r\nEND:VTODO\r\n"
    (home / "c.ics").write_text(f"BEGIN:VCALENDAR\r\n{todo}END:VCALENDAR\r\n")
    for name in ("seed.yaml", "a.csv", "c.ics"):
        refused = alerts("load", name, "--at", NOW)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err == (
            f"alerts: {home}/gone: a load of more than {most_kept} entries keeps them in a temporary file there, which "
            "cannot be written: No such file or directory; make room or set TMPDIR to another folder, and load again\n"
        )
    assert "no commitments yet" in alerts("list").out


def peak(folder: Path, count: int) -> int:
    """Return the peak memory of a load of so many entries in some files, in octets."""
    (folder / "config").mkdir(parents=True)
    (folder / "config/alerts.yaml").write_text(f"database: sqlite:///{folder}/alerts.db\n")
    files = [folder / f"{number}.csv" for number in range(FILES)]
    for number, path in enumerate(files):
        rows = (
            f"item-{one:06},The report number {one},2040-01-{one % 28 + 1:02}\n" for one in range(number, count, FILES)
        )
        path.write_text(HEADINGS + "".join(rows))
    load = [sys.executable, "-m", "alerts", "--config", str(folder / "config"), "load", *map(str, files)]
    done = subprocess.run([sys.executable, "-c", PEAK, *load], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return int(done.stdout) * 1024


def test_a_large_load_keeps_little_of_each_entry_in_memory(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few", FEW), peak(tmp_path / "many", MANY)
    assert (many - few) / (MANY - FEW) < MOST_OF_EACH
