"""Strict YAML: what is refused, with which line, and what is kept."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from alerts import strict_yaml
from alerts.deadlines.errors import InputError
from alerts.strict_yaml import yaml_events
from alerts.strict_yaml.validation import Count, Flag, Raw, Section, Text, lines_of
from alerts.strict_yaml.yaml_events import Plain, read, stream


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("x.yaml")


REFUSED = [
    ("", "x.yaml: is empty"),
    ("# nothing\n", "x.yaml: is empty"),
    ("---\n", "x.yaml: is empty"),
    ("- a\n", "x.yaml:1: expected a mapping (`key: value` lines) at the top"),
    ("text\n", "x.yaml:1: expected a mapping (`key: value` lines) at the top"),
    ("*a\n", "x.yaml:1: expected a mapping (`key: value` lines) at the top"),
    ("a: 1\na: 2\n", 'x.yaml:2: the key "a" is used twice, first on line 1'),
    ("a:\n  b: 1\n  'b': 2\n", 'x.yaml:3: the key "b" is used twice, first on line 2'),
    ("a: &x 1\n", "x.yaml:1: `&x` is an anchor: leave it out (or quote a text that begins with &)"),
    ("a: [1]\nb: *x\n", "x.yaml:2: `*x` is an alias: write the value out (or quote a text that begins with *)"),
    ("a: !!str 1\n", "x.yaml:1: a tag (`!…`): leave it out (or quote a text that begins with !)"),
    ("a: !!python/name:os.system {}\n", "x.yaml:1: a tag (`!…`): leave it out (or quote a text that begins with !)"),
    ("a: 1\n---\nb: 2\n", "x.yaml:2: a second document begins here (`---`): put it into a file of its own"),
    ("a: 1\nno: 2\n", "x.yaml:2: the key `no` unquoted is read as a boolean: write it in quotes"),
    ("7: 2\n", "x.yaml:1: the key `7` unquoted is read as a number: write it in quotes"),
    ("~: 2\n", "x.yaml:1: a key is empty: write a name, in quotes if it is `null` or `~`"),
    ("? [a]\n: 1\n", "x.yaml:1: a key must be plain text, not a list or a mapping"),
    ("a: " + "[" * 20 + "]" * 20, "x.yaml:1: is nested deeper than 20 levels"),
    ("a: " + "[" * 5000, "x.yaml:1: is nested deeper than 20 levels"),
    ("a: b\x07\n", "x.yaml:1: holds the control character U+0007: remove it"),
]


@pytest.mark.parametrize(("text", "line"), REFUSED)
def test_what_readers_do_not_see_is_refused_with_its_line(file: Path, text: str, line: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(file)
    assert str(caught.value) == line


@pytest.mark.parametrize("text", ["a:\n  b: c: d\n", "a: 1\nb: [1,\n", "a: 1\nb:\n\t- c\n", 'a: 1\nb: "\\q"\n'])
def test_a_syntax_error_is_one_line_with_its_number(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"\Ax\.yaml:[23]: is not YAML \([^\n]+\): [^\n]+\Z"):
        read(file)


@pytest.mark.parametrize("data", [b"a: 1\nb: caf\xe9\n", b"a: 1\nb: \xe2\x82", "a: 1\n".encode("utf-16")])
def test_other_encodings_are_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"x\.yaml:[12]: is not UTF-8 text: save it in that encoding"):
        read(file)


def test_a_folder_and_a_missing_file_are_one_line_each(file: Path) -> None:
    with pytest.raises(InputError, match=r"\Ax\.yaml: cannot be read: No such file or directory\Z"):
        read(file)
    file.mkdir()
    with pytest.raises(InputError, match=r"\Ax\.yaml: is a folder, expected a file\Z"):
        read(file)


def test_a_file_that_is_too_large_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_events, "LARGEST", 2**20)
    file.write_text("a: |\n" + "  line\n" * 200_000)
    with pytest.raises(InputError, match="is larger than 1 MB"):
        read(file)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("no", "a boolean"),
        ("12:30", "a number"),
        ("010", "a number"),
        ("1.5", "a number"),
        ("2025-02-30", "a date"),
        ("=", "a special value"),
    ],
)
def test_what_yaml_would_turn_into_something_else_keeps_its_text(file: Path, text: str, tag: str) -> None:
    file.write_text(f"a: {text}\nb: '{text}'\n")
    data, _ = read(file)
    assert (data, type(data["a"]), data["a"].tag, type(data["b"])) == ({"a": text, "b": text}, Plain, tag, str)


@pytest.mark.parametrize("text", ["a: null", "a: ~", "a:", '{"a": null}'])
def test_null_and_nothing_are_none(file: Path, text: str) -> None:
    file.write_text(text)
    assert read(file)[0] == {"a": None}


def test_json_reads_as_yaml(file: Path) -> None:
    file.write_text('{\n\t"a": [1, true, "x\\/\\u00e9"],\n\t"b": {}\n}\n')
    data, places = read(file)
    assert data == {"a": ["1", "true", "x/é"], "b": {}}
    assert places.at(("b",)) == "x.yaml:3: "


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(file: Path) -> None:
    file.write_bytes("\ufeffa: é\r\nb: 2\r\n".encode())
    assert read(file)[0] == {"a": "é", "b": "2"}


def test_every_part_knows_its_line_and_a_missing_one_that_of_what_is_around_it(file: Path) -> None:
    file.write_text("a:\n  b:\n    - c\n    - {d: e,\n       f: g}\n")
    _, places = read(file)
    steps = [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1), ("a", "b", 1, "f"), ("a", "b", 1, "none"), ("z",)]
    assert [places.line(step) for step in steps] == [1, 2, 3, 4, 5, 4, 1]


def test_a_stream_gives_the_elements_of_one_list_and_the_other_keys_whole(file: Path) -> None:
    file.write_text("x: [1]\nitems:\n  - a: 1\n  - b\ny: 2\n")
    found = [(steps, value, places.line()) for steps, value, places in stream(file, items="items")]
    assert found == [
        (("x",), ["1"], 1),
        (("items", 0), {"a": "1"}, 3),
        (("items", 1), "b", 4),
        (("y",), "2", 5),
    ]


def test_the_reader_in_plain_python_reads_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("a: [no, 'x', {b: ~}]\n")
    expected = read(file)
    monkeypatch.setattr(yaml_events, "LOADER", yaml_events.yaml.SafeLoader)
    assert read(file) == expected
    file.write_text("a: [\n")
    with pytest.raises(InputError, match=r"\Ax\.yaml:2: is not YAML"):
        read(file)


class Inner(Section):
    port: Count
    kind: strict_yaml.Raw = ""


class Outer(Section):
    title: Text
    raw: Raw = ""
    flag: Flag = False
    names: tuple[Text, ...] = ()
    inner: Inner | None = None


WRONG = [
    ("title: no", "x.yaml:1: title: `no` unquoted is read as a boolean: write it in quotes"),
    ("title: 31337", "x.yaml:1: title: `31337` unquoted is read as a number: write it in quotes"),
    ("title: [a]", "x.yaml:1: title: expected text"),
    ("title:", "x.yaml:1: title: is empty, expected text"),
    ("raw: 7", 'x.yaml:1: "title" is missing'),
    ("title: a\ntitel: b", "x.yaml:2: unknown key \"titel\"; did you mean 'title'?"),
    ("title: a\nnames: b", "x.yaml:2: names: expected a list, such as [one, another], found `b`"),
    ("title: a\nnames:\n  - b\n  - no", "x.yaml:4: names[1]: `no` unquoted is read as a boolean: write it in quotes"),
    ("title: a\nflag: 'yes'", "x.yaml:2: flag: expected true or false, unquoted, found `yes`"),
    ("title: a\ninner: b", "x.yaml:2: inner: expected a mapping, such as {key: value}, found `b`"),
    (
        "title: a\ninner:\n  port: 010",
        "x.yaml:3: inner.port: expected a whole number such as 14, unquoted, found `010`",
    ),
    ("title: a\ninner:\n  port: 1\n  prt: 2", "x.yaml:4: unknown key \"inner.prt\"; did you mean 'port'?"),
]


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_has_the_wrong_shape_is_said_in_one_line_with_its_place(file: Path, text: str, line: str) -> None:
    file.write_text(text)
    data, places = read(file)
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    assert lines_of(caught.value, Outer, places.at) == [line]


def test_the_right_shape_passes(file: Path) -> None:
    file.write_text("title: 'no'\nraw: 010\nflag: on\ninner: {port: 25}\n")
    found = Outer.model_validate(read(file)[0])
    assert found == Outer(
        title="no", raw="010", flag=True, inner=Inner.model_validate({"port": Plain("25", "a number")})
    )
    assert type(found.raw) is str
