"""Commitments from files: what an entry becomes, and every line of what is wrong."""

import json
from datetime import date
from pathlib import Path

import pytest

from alerts import shipped
from alerts.core.commitments import Citation, Commitment, Party, Person, Source
from alerts.deadlines.errors import InputError
from alerts.interchange import gather, read

HEAD = "parties: [{key: us, name: United States}]\nsources: [{key: brief, title: Brief}]\ncommitments:\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("x.yaml")


def refused(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read(file)
    return str(caught.value).splitlines()


WHOLE_FILE = """
commitments:
  - key: soybean-reports
    title: " Purchase report "
    kind: expectation
    by: [cn]
    to: [us]
    owner: desk
    deadline: Until  After 2025-11-10
    timezone: Asia/Shanghai
    priority: high
    tags: [trade-truce, soy]
    review_every: 2 weeks
    source: {key: brief, locator: paragraph 2, quote: "resume purchasing"}
    assumptions: [monthly is ours]
    note: |
      Ask.
      Again.
people: [{key: desk, name: The desk, email: Desk <desk@example.org>, timezone: Asia/Shanghai}]
parties: [{key: cn, name: China, timezone: Asia/Shanghai, calendar: CN}, {key: us, name: United States}]
sources: [{key: brief, title: Brief, publisher: Us, url: https://example.org/b, published: 2025-10-28}]
"""
REPORTS = Commitment(
    key="soybean-reports",
    title="Purchase report",
    kind="expectation",
    by=("cn",),
    to=("us",),
    owner="desk",
    deadline="after 2025-11-10",
    timezone="Asia/Shanghai",
    priority="high",
    tags=("trade-truce", "soy"),
    review_every="P14D",
    source=Citation(key="brief", locator="paragraph 2", quote="resume purchasing"),
    assumptions=("monthly is ours",),
    note="Ask.\nAgain.",
)
BRIEF = Source(key="brief", title="Brief", publisher="Us", url="https://example.org/b", published=date(2025, 10, 28))


def test_an_entry_becomes_a_commitment_with_its_place(file: Path) -> None:
    file.write_text(WHOLE_FILE)
    found = read(file)
    assert [(entry.commitment, entry.place) for entry in found.entries] == [(REPORTS, "x.yaml:3")]
    assert found.parties[0] == Party(key="cn", name="China", timezone="Asia/Shanghai", calendar="CN")
    assert found.sources == (BRIEF,)
    assert found.people == (Person(key="desk", name="The desk", email="desk@example.org", timezone="Asia/Shanghai"),)


def test_key_title_and_deadline_are_enough(file: Path) -> None:
    file.write_text("commitments: [{key: a, title: b, deadline: 2025-11-10}]")
    assert read(file).entries[0].commitment == Commitment(key="a", title="b", deadline="2025-11-10")


def test_calendars_and_a_roll_may_be_stated(file: Path) -> None:
    file.write_text(
        "commitments: [{key: a, title: b, deadline: 2025, calendars: [US, DE-BY], roll: modified following}]"
    )
    found = read(file).entries[0].commitment
    assert (found.calendars, found.roll) == (("US", "DE-BY"), "modified following")


def test_the_calendar_of_a_party_must_be_one_that_there_is(file: Path) -> None:
    said = refused(file, "parties: [{key: cn, name: China, calendar: Chinese}]\ncommitments: []\n")
    assert said[0].startswith("x.yaml:1: calendar: unknown calendar 'Chinese': expected a country such as US")


SEOUL = "unknown time zone 'Asia/Soul': expected an IANA name such as America/New_York; did you mean 'Asia/Seoul'?"
CALENDAR = (
    "unknown calendar 'XNYSE': expected a country such as US, a part of one such as DE-BY, or a market such as XNYS"
    "; did you mean 'XNYS'?"
)
WRONG = [
    ("{title: b, deadline: undated}", 'x.yaml:4: "key" is missing'),
    ("{key: a, title: b}", 'x.yaml:4: "deadline" is missing'),
    ("{key: 7, title: b, deadline: undated}", "x.yaml:4: key: `7` unquoted is read as a number: write it in quotes"),
    (
        "{key: a b, title: b, deadline: undated}",
        (
            "x.yaml:4: key: expected a key of up to 100 letters, digits, `.`, `_`, `-` and `@`, with a letter in it, "
            "found `a b`"
        ),
    ),
    (
        "{key: after, title: b, deadline: undated}",
        "x.yaml:4: key: `after` is a keyword of deadlines and cannot be a key",
    ),
    (
        "{key: a, title: b, deadline: undated, kind: obligaton}",
        (
            "x.yaml:4: kind: expected one of obligation, expiry, event, request, expectation, notice, found "
            "`obligaton`; did you mean 'obligation'?"
        ),
    ),
    (
        "{key: a, title: b, deadline: undated, rolls: following}",
        "x.yaml:4: unknown key \"rolls\"; did you mean 'roll'?",
    ),
    (
        "{key: a, title: b, deadline: undated, roll: folowing}",
        (
            "x.yaml:4: roll: expected one of none, following, modified following, preceding, found `folowing`; "
            "did you mean 'following'?"
        ),
    ),
    (
        "{key: a, title: b, deadline: undated, calendars: [US, XNYSE]}",
        f"x.yaml:4: calendars[1]: {CALENDAR}",
    ),
    (
        "{key: a, title: b, deadline: undated, calendars: [US, US]}",
        "x.yaml:4: calendars: `US` is listed twice",
    ),
    (
        '{key: a, title: "b\\nc", deadline: undated}',
        "x.yaml:4: title: has several lines, expected one (`>-` folds them)",
    ),
    (
        '{key: a, title: "b\\x1b[2J", deadline: undated}',
        "x.yaml:4: title: holds the control character U+001B: remove it",
    ),
    ("{key: a, title: ' ', deadline: undated}", "x.yaml:4: title: is empty, expected text"),
    (
        "{key: a, title: b, deadline: 2025-02-30}",
        "x.yaml:4: deadline: `2025-02-30`: column 1: there is no such date or time as 2025-02-30",
    ),
    (
        "{key: a, title: b, deadline: undated, timezone: Asia/Soul}",
        f"x.yaml:4: timezone: {SEOUL}",
    ),
    (
        "{key: a, title: b, deadline: undated, by: [su]}",
        'x.yaml:4: by: no party has the key "su": declare it under `parties:`; known: us',
    ),
    (
        "{key: a, title: b, deadline: undated, by: [us, us]}",
        "x.yaml:4: by: `us` is listed twice",
    ),
    (
        "{key: a, title: b, deadline: undated, source: {key: brif}}",
        "x.yaml:4: source: no source has the key \"brif\": declare it under `sources:`; did you mean 'brief'?",
    ),
    (
        "{key: a, title: b, deadline: undated, review_every: P0D}",
        "x.yaml:4: review_every: expected a duration longer than nothing, such as P14D, found `P0D`",
    ),
    ("just text", "x.yaml:4: expected a mapping, such as {key: value}, found `just text`"),
]


@pytest.mark.parametrize(("entry", "line"), WRONG)
def test_a_wrong_entry_is_said_in_one_line(file: Path, entry: str, line: str) -> None:
    assert refused(file, f"{HEAD}  - {entry}\n") == [line]


def test_every_wrong_entry_is_listed_and_what_is_declared_nowhere(file: Path) -> None:
    text = HEAD + "  - {key: a, title: a}\n  - {key: b, title: b, deadline: soon}\n  - {key: c, deadline: undated}\n"
    found = refused(file, text + "  - {key: d, title: d, deadline: undated,\n     to: [nobody]}\n")
    assert [line.split(": ")[0] for line in found] == ["x.yaml:4", "x.yaml:5", "x.yaml:6", "x.yaml:8"]


def test_a_key_that_is_there_twice_names_both_lines(file: Path) -> None:
    one = "  - {key: a, title: a, deadline: undated}\n"
    assert refused(file, HEAD + one + one) == ['x.yaml:5: the key "a" is used twice, first on line 4']
    assert refused(file, "parties:\n  - {key: us, name: a}\n  - {key: us, name: b}\n") == [
        'x.yaml:3: the key "us" is used twice, first on line 2'
    ]


def test_what_is_wrong_before_the_file_breaks_off_is_said_too(file: Path) -> None:
    found = refused(file, HEAD + "  - {key: a, title: a}\n  - {key: b, title: 'b\n")
    assert found == [
        'x.yaml:4: "deadline" is missing',
        "x.yaml:5: is not YAML (found unexpected end of stream): a quote is never closed",
    ]


def test_of_many_errors_fifty_are_listed_and_the_others_counted(file: Path) -> None:
    found = refused(file, HEAD + "  - {key: a}\n" * 40)
    assert len(found) == 51
    assert found[-1] == "and 30 more"
    assert refused(file, HEAD + "  - {key: a}\n" * 4000)[-1] == "and 450 more; the rest was not read"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("commitmnts: []", "x.yaml:1: unknown key \"commitmnts\"; did you mean 'commitments'?"),
        ("commitments:", "x.yaml:1: commitments: expected a list of `- key: …` entries"),
        ("commitments: {a: b}", "x.yaml:1: commitments: expected a list of `- key: …` entries"),
        ("parties: us", "x.yaml:1: parties: expected a list of `- key: …` entries"),
        ("parties:\n  - {key: us}", 'x.yaml:2: "name" is missing'),
        (
            "sources: [{key: a, title: b, url: 'javascript:alert(1)'}]",
            "x.yaml:1: url: expected an address that begins with https:// or http://, found `javascript:alert(1)`",
        ),
    ],
)
def test_wrong_tops_parties_and_sources(file: Path, text: str, line: str) -> None:
    found = refused(file, text)
    assert found == [line]


def test_parties_and_sources_may_be_known_already(file: Path) -> None:
    file.write_text("commitments: [{key: a, title: b, deadline: undated, by: [us], source: {key: brief}}]")
    assert read(file, parties={"us"}, sources=["brief"]).entries[0].commitment.by == ("us",)


def test_json_is_read_and_other_suffixes_are_refused(file: Path) -> None:
    path = file.with_suffix(".json")
    path.write_text(json.dumps({"commitments": [{"key": "a", "title": "é", "deadline": "undated"}]}))
    assert read(path).entries[0].commitment.title == "é"
    with pytest.raises(
        InputError, match=r"\Ax\.txt: expected a file that ends in \.yaml, \.yml, \.json, \.ics, \.csv, \.xlsx\Z"
    ):
        read(Path("x.txt"))


def test_json_is_read_as_json_writes_it(file: Path) -> None:
    path, title = file.with_suffix(".json"), 'Truce 🕊 é \\ud83d "quoted" a/b'
    entries = {"commitments": [{"key": "a", "title": title, "deadline": "undated"}]}
    for text in (json.dumps(entries), json.dumps(entries, indent="\t"), json.dumps(entries, separators=(",", ":"))):
        path.write_text(text)
        assert read(path).entries[0].commitment.title == title


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"commitments": [\n{"key": "a"\n]}', "x.json:3: is not JSON: Expecting ',' delimiter (column 1)"),
        ("commitments: []", "x.json:1: is not JSON: Expecting value (column 1)"),
        ('{"commitments": [\n{"key": "a",\n "title": 1, "deadline": "undated"}]}',
         "x.json:3: title: `1` unquoted is read as a number: write it in quotes"),
        ('{"parties": [],\n"parties": []}', 'x.json:2: the key "parties" is used twice, first on line 1'),
        ('{"parties": [{"key": "\\ud800", "name": "x"}]}', "x.json:1: "),
        ("[" * 100_000, "x.json: is nested too deeply"),
    ],
    ids=["syntax", "YAML", "a number", "twice", "half a character", "deep"],
)  # fmt: skip
def test_what_is_wrong_with_json_is_a_line(file: Path, text: str, line: str) -> None:
    path = file.with_suffix(".json")
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(line)


def test_progress_is_told_and_what_is_alike_is_kept_once(file: Path) -> None:
    entries = "".join(f"  - {{key: a{n}, title: t, deadline: undated, tags: [x, y]}}\n" for n in range(2500))
    file.write_text(HEAD + entries)
    told: list[int] = []
    found = gather(file, progress=told.append)
    assert told == [1000, 2000, 2500]
    assert len({id(entry.commitment.tags) for entry in found.entries}) == 1


SEED = {
    "busan-summit": ("event", "high", "2025-10-30", "Asia/Seoul"),
    "tariff-suspension": ("obligation", "high", "undated", None),
    "truce-review": ("obligation", "critical", "after 2025-11-10", None),
    "rare-earth-delay": ("expiry", "high", "undated (tbd)", None),
    "soybean-purchases": ("obligation", "normal", "undated", None),
    "precursor-crackdown": ("request", "normal", "undated", None),
    "tiktok-and-tech-decisions": ("expectation", "normal", "during busan-summit", None),
    "short-term-agreements": ("expectation", "normal", "between 2025-11-28 and 2025-12-28", None),
    "medium-term-revival": ("expectation", "normal", "within P6M of 2025-10-28", None),
    "comprehensive-agreement": ("expectation", "normal", "undated (none)", None),
}


def test_the_seed_holds_what_the_brief_commits_anybody_to() -> None:
    found = [entry.commitment for entry in read(shipped.folder("seeds") / "us-china-truce-2025.yaml").entries]
    assert {each.key: (each.kind, each.priority, each.deadline, each.timezone) for each in found} == SEED
    assert all("trade-truce" in each.tags and each.source and each.source.locator for each in found)
    assert {each.key for each in found if each.assumptions} == {
        "busan-summit",
        "short-term-agreements",
        "medium-term-revival",
    }
