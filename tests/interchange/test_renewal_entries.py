"""`renews` with `notice`: two commitments that are linked, and the lines of what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.deadlines.errors import InputError
from alerts.interchange import gather
from alerts.interchange.file_contents import refuse
from tests.interchange.conftest import Write, wrong

LEASE = """commitments:
  - key: lease
    title: Lease of the office
    renews: every year from 2026-07-01
    notice: 90 days
    owner: ana
    priority: high
    roll: following
people: [{key: ana, name: Ana, email: ana@example.org}]
"""


@pytest.fixture
def yaml(here: Path) -> Write:
    def write(text: str) -> Path:
        Path("x.yaml").write_text(text)
        return Path("x.yaml")

    return write


def test_it_gives_the_renewal_and_the_notice(yaml: Write) -> None:
    renewal, notice = (one.commitment for one in gather(yaml(LEASE)).entries)
    assert (renewal.key, renewal.kind, renewal.deadline) == ("lease", "event", "every FREQ=YEARLY from 2026-07-01")
    assert (notice.key, notice.kind, notice.deadline) == ("lease-notice", "notice", "P90D before lease")
    assert (notice.title, notice.owner, notice.priority) == ("Cancel or renew: Lease of the office", "ana", "high")
    assert (renewal.roll, notice.roll) == ("following", "none")


def test_a_table_may_have_columns_for_it(csv: Write) -> None:
    path = csv(
        "key,title,deadline,renews,notice",
        "lease,Lease,,every year from 2026-07-01,3 months",
        "tax,Tax,2026-05-31,,",
    )
    found = [(one.commitment.key, one.commitment.deadline) for one in gather(path).entries]
    assert found == [
        ("lease", "every FREQ=YEARLY from 2026-07-01"),
        ("lease-notice", "P3M before lease"),
        ("tax", "2026-05-31"),
    ]
    (renewal, notice) = gather(csv("key,title,renews,notice", "a,A,every year from 2026-07-01,90 days")).entries
    assert (renewal.commitment.kind, notice.commitment.kind) == ("event", "notice")


def test_a_mapped_table_may_have_them_too(csv: Write, columns) -> None:
    path = csv("Ref,Contract,Renewal,Cancel by", "a,A,every year from 2026-07-01,soon")
    mapping = columns("columns: {key: Ref, title: Contract, renews: Renewal, notice: Cancel by}")
    (line,) = wrong(path, mapping)
    assert line.startswith("x.csv:D2: ")
    assert "expected how long before, as in `90 days`" in line


def test_defaults_may_state_it_for_rows_that_do_not(csv: Write, columns) -> None:
    path = csv(
        "Ref,Contract,Renewal,Notice,Due", "a,A,,,", "b,B,every 2 years from 2026-01-31,6 months,", "c,C,,,2026-05-31"
    )
    mapping = columns("""
columns: {key: Ref, title: Contract, renews: Renewal, notice: Notice, deadline: Due}
defaults: {renews: every year from 2026-07-01, notice: 90 days, deadline: undated}
""")
    assert [(one.commitment.key, one.commitment.deadline) for one in gather(path, layout=mapping).entries] == [
        ("a", "every FREQ=YEARLY from 2026-07-01"),
        ("a-notice", "P90D before a"),
        ("b", "every FREQ=YEARLY;INTERVAL=2 from 2026-01-31"),
        ("b-notice", "P6M before b"),
        ("c", "2026-05-31"),
    ]


def test_a_default_says_how_often_where_a_column_has_the_dates(csv: Write, columns) -> None:
    path = csv("Ref,Contract,Next renewal", "a,A,01/07/2026", "b,B,31/01/2027", "c,C,")
    mapping = columns("""
columns: {key: Ref, title: Contract, renews: Next renewal}
date_formats: [DD/MM/YYYY]
defaults: {renews: every year, notice: 90 days}
""")
    (line,) = wrong(path, mapping)
    assert "expected `from` and the day on which it starts" in line
    path = csv("Ref,Contract,Next renewal", "a,A,01/07/2026", "b,B,31/01/2027")
    assert [(one.commitment.key, one.commitment.deadline) for one in gather(path, layout=mapping).entries] == [
        ("a", "every FREQ=YEARLY from 2026-07-01"),
        ("a-notice", "P90D before a"),
        ("b", "every FREQ=YEARLY from 2027-01-31"),
        ("b-notice", "P90D before b"),
    ]


@pytest.mark.parametrize(
    ("defaults", "line"),
    [
        ("renews: 2026-07-01", "defaults: renews: expected how often, as in `every year from 2026-07-01`"),
        ("renews: every yeer", "defaults: renews: expected how often"),
        ("notice: soon", "defaults: notice: expected how long before, as in `90 days`"),
    ],
)
def test_a_default_that_no_row_could_have_is_refused(columns, defaults: str, line: str) -> None:
    mapping = f"columns: {{key: Ref, title: Contract, deadline: Due}}\ndefaults: {{{defaults}}}"
    with pytest.raises(InputError, match=re.escape(line)):
        columns(mapping)


def test_without_a_notice_there_is_the_renewal_alone(yaml: Write) -> None:
    (one,) = gather(yaml(LEASE.replace("    notice: 90 days\n", ""))).entries
    assert one.commitment.key == "lease"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("every year from 2026-07-01", "2026-07-01", "4: renews: expected how often, as in `every year from"),
        ("every year from 2026-07-01", "every yeer", "4: renews: column 7: expected how often"),
        ("    renews: every year from 2026-07-01\n", "", "4: notice: goes with `renews`"),
        ("90 days", "soon", "5: notice: expected how long before, as in `90 days`"),
        ("    notice", "    deadline: 2026-07-01\n    notice", "4: renews: stands in place of `deadline`"),
        (
            "people",
            "  - {key: lease-notice, title: T, deadline: undated}\npeople",
            'the key "lease-notice" is used twice',
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(yaml: Write, old: str, new: str, line: str) -> None:
    found = gather(yaml(LEASE.replace(old, new)))
    with pytest.raises(InputError) as caught:
        refuse(found.problems)
    assert line in str(caught.value)
