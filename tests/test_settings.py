"""Settings: where they are found, what they refuse, and what they never show."""

from datetime import timedelta
from pathlib import Path

import pytest

from alerts import shipped
from alerts.core.commitments import Commitment
from alerts.core.retention import Retention
from alerts.core.rules import Overdue, Remind, Rule, matching
from alerts.deadlines.errors import InputError
from alerts.settings import Settings, load_settings

CHANNELS = "channels: {log: {kind: console}}\n"
RULE = (
    "rules:\n  - name: desk\n    cron: 0 9 * * mon-fri\n    match: {}\n    remind: {moved: true}\n    notify: [log]\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path()


def load(text: str, environ: dict[str, str] | None = None, database: str | None = None) -> Settings:
    Path("c").mkdir(exist_ok=True)
    Path("c/a.yaml").write_text(text)
    return load_settings(Path("c"), database, environ or {})


def refused(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(text, environ)
    return str(caught.value).splitlines()


def test_the_folder_is_the_argument_then_the_environment_then_config_then_the_shipped_one(here: Path) -> None:
    def folder(config: Path | None = None, environ: dict[str, str] | None = None) -> tuple[Path, bool]:
        found = load_settings(config, None, environ or {})
        return found.folder, found.shipped

    assert folder() == (shipped.folder("config"), True)
    for name in ("config", "env", "arg"):
        Path(name).mkdir()
        Path(name, "a.yaml").write_text(CHANNELS)
    assert folder() == (Path("config"), False)
    assert folder(None, {"ALERTS_CONFIG": "env"}) == (Path("env"), False)
    assert folder(Path("arg"), {"ALERTS_CONFIG": "env"}) == (Path("arg"), False)


def test_the_database_is_the_argument_then_the_environment_then_the_file(here: Path) -> None:
    text = "database: sqlite:///file.db\n"
    environ = {"ALERTS_DATABASE": "sqlite:///env.db"}
    assert load(CHANNELS).database == "sqlite:///var/alerts.db"
    assert load(text).database == "sqlite:///file.db"
    assert load(text, environ).database == "sqlite:///env.db"
    assert load(text, environ, "sqlite:///arg.db").database == "sqlite:///arg.db"
    assert load("database: {env: UNSET}", environ).database == "sqlite:///env.db"


def test_a_folder_that_is_named_but_missing_or_empty_is_an_error(here: Path) -> None:
    Path("empty").mkdir()
    for config, environ, line in [
        (Path("none"), {}, "none: there is no such folder of configuration"),
        (None, {"ALERTS_CONFIG": "none"}, "none: there is no such folder of configuration (named by ALERTS_CONFIG)"),
        (Path("empty"), {}, "empty: holds no *.yaml file: expected alerts.yaml with `channels:` at least"),
    ]:
        with pytest.raises(InputError) as caught:
            load_settings(config, None, environ)
        assert str(caught.value) == line


def test_files_are_taken_together_and_a_key_in_two_of_them_is_refused(here: Path) -> None:
    Path("c").mkdir()
    Path("c/b.yaml").write_text(RULE)
    Path("c/.draft.yaml").write_text("colour: red")
    assert [rule.name for rule in load(CHANNELS).rules] == ["desk"]
    Path("c/c.yml").write_text("timezone: UTC")
    Path("c/d.yaml").write_text("\n" + CHANNELS)
    Path("c/e.yaml").write_text("")
    assert refused(CHANNELS) == [
        "c/c.yml: is not read: rename it to c.yaml",
        'c/d.yaml:2: the key "channels" is in two files, first at c/a.yaml:1',
        "c/e.yaml: is empty",
    ]


def test_a_rule_is_read_whole(here: Path) -> None:
    text = """
timezone: Asia/Seoul
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {tags: [x], priority: [high, critical]}
    remind: {before: [30 days, P1D], on_the_day: true, overdue: {at_most: 3, then: P14D}, review: P14D}
    notify: [log]
    digest: false
  - {name: all, cron: "0 8 * * *", timezone: UTC, match: {}, remind: {overdue: true, opens: yes}, notify: [log]}
"""
    remind = Remind(before=("P30D", "P1D"), on_the_day=True, overdue=Overdue(at_most=3, then="P14D"), review="P14D")
    match = {"tags": ("x",), "priority": ("high", "critical")}
    assert load(CHANNELS + text).rules == (
        Rule(
            name="desk",
            cron="0 9 * * *",
            timezone="Asia/Seoul",
            match=match,
            remind=remind,
            notify=("log",),
            digest=False,
        ),
        Rule(name="all", cron="0 8 * * *", remind=Remind(overdue=Overdue(), opens=True), notify=("log",)),
    )


def test_default_notify_makes_a_last_rule_for_everything(here: Path) -> None:
    found = load(CHANNELS + RULE + "timezone: Asia/Seoul\ndefault_notify: [log]\n").rules
    assert [rule.name for rule in found] == ["desk", "default"]
    assert (found[1].cron, found[1].timezone, dict(found[1].match)) == ("0 9 * * *", "Asia/Seoul", {})
    assert found[1].remind.before == ("P30D", "P7D", "P1D")
    assert found[1].remind.overdue == Overdue()


SEOUL = "unknown time zone 'Asia/Soul': expected an IANA name such as America/New_York; did you mean 'Asia/Seoul'?"
WRONG = [
    ("channel: {}", "c/a.yaml:1: unknown key \"channel\"; did you mean 'channels'?"),
    ("channels: {log: {}}", 'c/a.yaml:1: "channels.log.kind" is missing'),
    ("channels: {log: console}", "c/a.yaml:1: channels.log: expected a mapping, such as {key: value}"),
    ("channels: {a b: {kind: x}}", "c/a.yaml:1: channels.a b: expected a name of letters, digits, `.`, `_` and `-`"),
    ("default_notify: [lag]", "c/a.yaml:1: there is no channel \"lag\"; did you mean 'log'?"),
    ("default_notify: log", "c/a.yaml:1: default_notify: expected a list, such as [one, another], found `log`"),
    ("templates: none", "c/a.yaml:1: templates: there is no folder c/none"),
    ("database:", "c/a.yaml:1: database: is empty, expected text"),
    (
        "timezone: Asia/Soul",
        f"c/a.yaml:1: timezone: {SEOUL}",
    ),
]


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_is_wrong_is_said_with_its_place(here: Path, text: str, line: str) -> None:
    assert refused(text if text.startswith("channels") else f"{text}\n{CHANNELS}") == [line]


WRONG_RULES = [
    ("name: desk", "name: default", '3: "default" is the name of the rule that default_notify makes: choose another'),
    (
        "name: desk",
        "nam: desk",
        '3: "rules[0].name" is missing',
        "3: unknown key \"rules[0].nam\"; did you mean 'name'?",
    ),
    ("match: {}", "match: {tag: [x]}", "5: unknown key \"rules[0].match.tag\"; did you mean 'tags'?"),
    ("match: {}", "match: {tags: []}", "5: rules[0].match.tags: is empty: name at least one"),
    ("match: {}", "match: {tags: x}", "5: rules[0].match.tags: expected a list, such as [one, another], found `x`"),
    (
        "match: {}",
        "match: {priority: [hgih]}",
        (
            "5: rules[0].match.priority[0]: expected one of low, normal, high, critical, found `hgih`; "
            "did you mean 'high'?"
        ),
    ),
    (
        "{moved: true}",
        "{}",
        (
            "6: rules[0].remind: names no moment, so the rule sends nothing: name some, such as "
            "{before: [P7D], on_the_day: true}"
        ),
    ),
    ("{moved: true}", "{moved: 'true'}", "6: rules[0].remind.moved: expected true or false, unquoted, found `true`"),
    (
        "{moved: true}",
        "{before: P7D}",
        "6: rules[0].remind.before: expected a list, such as [one, another], found `P7D`",
    ),
    (
        "{moved: true}",
        "{before: [P7D, 7 days]}",
        "6: rules[0].remind.before: `P7D` is listed twice",
    ),
    (
        "{moved: true}",
        "{before: [P0D]}",
        (
            "6: rules[0].remind.before[0]: expected a lead longer than nothing, such as P7D or `5 business days`, "
            "found `P0D`"
        ),
    ),
    (
        "{moved: true}",
        "{before: [0 business days]}",
        (
            "6: rules[0].remind.before[0]: expected a lead longer than nothing, such as P7D or `5 business days`, "
            "found `0 business days`"
        ),
    ),
    (
        "{moved: true}",
        "{review: often}",
        "6: rules[0].remind.review: expected a duration such as P7D, P1Y, PT48H or `10 days`, found 'often'",
    ),
    (
        "{moved: true}",
        "{overdue: P1D}",
        (
            "6: rules[0].remind.overdue: expected true, or a mapping such as {every: P1D, at_most: 14, then: P7D}, "
            "found `P1D`"
        ),
    ),
    (
        "{moved: true}",
        "{overdue: {at_most: 0}}",
        "6: rules[0].remind.overdue.at_most: expected greater than or equal to 1, found `0`",
    ),
    (
        "{moved: true}",
        "{overdue: {evry: P1D}}",
        "6: unknown key \"rules[0].remind.overdue.evry\"; did you mean 'every'?",
    ),
    ("[log]", "[log, log]", "7: rules[0].notify: `log` is listed twice"),
    ("[log]", "[lag]", "7: there is no channel \"lag\"; did you mean 'log'?"),
    ("[log]", "[]", "7: rules[0].notify: is empty: name at least one"),
]


@pytest.mark.parametrize("case", WRONG_RULES)
def test_what_is_wrong_with_a_rule_is_said_with_its_place(here: Path, case: tuple[str, ...]) -> None:
    right, wrong, *lines = case
    assert refused(CHANNELS + RULE.replace(right, wrong)) == [f"c/a.yaml:{line}" for line in lines]


def test_a_wrong_cron_and_a_name_that_is_there_twice_are_found(here: Path) -> None:
    again = RULE.removeprefix("rules:\n").replace("0 9 *", "0 25 *")
    found = refused(CHANNELS + RULE + again)
    assert found[0] == 'c/a.yaml:8: the rule "desk" is used twice, first at c/a.yaml:3'
    assert found[1].startswith("c/a.yaml:9: rules[1].cron: ")
    assert len(found) == 2


def test_an_error_names_the_value_that_is_refused_unless_it_may_be_a_secret(here: Path) -> None:
    (line,) = refused("channels: {c: {kind: console}}\nlog: loud")
    assert line.endswith("log: expected one of auto, text, json, found `loud`")
    (line,) = refused("channels: {c: {kind: console}}\nlog: {env: LOG}", {"LOG": "s3cret-of-somewhere"})
    assert line.endswith("log: expected one of auto, text, json, found `***`")
    (line,) = refused("channels: {c: {kind: console}}\ndatabase: 31337")
    assert "31337" not in line
    (line,) = refused(f"channels: {{c: {{kind: console}}}}\nlog: {'x' * 81}")
    assert "xxx" not in line  # what is long is not cut: nothing would hide a part of a secret


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_file(here: Path) -> None:
    text = "colour: red\nchannels: {log: {}}\ndefault_notify: [lag]\ndatabase: {env: NONE}\ntimezone: Mars\n"
    assert [line.split(": ")[0] for line in refused(text)] == [f"c/a.yaml:{number}" for number in range(1, 6)]


SECRETS = """
channels:
  mail:
    kind: email
    to: [desk@example.org]
    smtp: {username: alerts, password: {file: smtp}, port: 587}
  chat: {kind: slack, url: {env: CHAT}}
  hook: {kind: webhook, url: https://example.org/literal, headers: {Authorization: Bearer literal}}
database: {env: DB}
"""
ENVIRON = {"CHAT": "https://hooks.example.org/T0/secret", "DB": "postgresql+psycopg://u:p%40ss@db/alerts"}


def test_references_are_resolved_less_one_line_end(here: Path) -> None:
    Path("c").mkdir()
    Path("c/smtp").write_text("hunter2 \n\n")
    found = load(SECRETS, ENVIRON)
    mail = found.resolve_options(found.channels[0])
    assert mail == {
        "to": ["desk@example.org"],
        "smtp": {"username": "alerts", "password": "hunter2 \n", "port": "587"},
    }
    assert found.resolve_options(found.channels[1]) == {"url": ENVIRON["CHAT"]}
    assert found.channels[0].where(("smtp", "password")) == "c/a.yaml:6: "
    assert found.database == ENVIRON["DB"]


def test_secrets_are_known_and_never_shown(here: Path) -> None:
    Path("c").mkdir()
    Path("c/smtp").write_text("hunter2")
    found = load(SECRETS, ENVIRON)
    secrets = {"hunter2", *ENVIRON.values(), "p%40ss", "https://example.org/literal", "Bearer literal"}
    assert set(found.secrets()) == secrets
    shown = repr(found) + repr(found.channels) + str(found) + found.shown_database
    assert not [secret for secret in secrets if secret in shown]
    assert "postgresql+psycopg://u:***@db/alerts" in shown


def test_what_a_reference_lacks_is_said_in_one_line_when_it_is_needed(here: Path) -> None:
    Path("c").mkdir()
    Path("c/smtp").write_text("\n")
    found = load(SECRETS, ENVIRON | {"CHAT": ""})
    expected = [
        "c/a.yaml:6: channels.mail.smtp.password: the file c/smtp is empty",
        "c/a.yaml:7: channels.chat.url: the environment variable CHAT is empty",
    ]
    for entry, line in zip(found.channels, expected, strict=False):
        with pytest.raises(InputError) as caught:
            found.resolve_options(entry)
        assert str(caught.value) == line
    Path("c/smtp").unlink()
    with pytest.raises(InputError, match="the file c/smtp cannot be read: No such file or directory"):
        found.resolve_options(found.channels[0])
    assert "https://example.org/literal" in found.secrets()


def test_a_value_from_elsewhere_does_not_show_in_an_error(here: Path) -> None:
    found = refused("timezone: {env: ZONE}\n", {"ZONE": "s3cret-token"})
    assert len(found) == 1
    assert "s3cret-token" not in found[0]


def test_a_file_that_is_no_secret_is_refused(here: Path) -> None:
    found = refused("database: {file: /dev/zero}\n")
    assert found == ["c/a.yaml:1: database: the file /dev/zero is larger than 64 kB: that is no secret"]


def test_the_shipped_configuration_is_right_and_tells_only_this_machine() -> None:
    found = load_settings(shipped.folder("config"), None, {})
    assert [entry.kind for entry in found.channels] == ["console", "maildir"]
    assert [rule.name for rule in found.rules] == ["truce-desk", "watch-list", "no-answer", "default"]
    assert found.timezone is None


@pytest.mark.parametrize("tags", [("trade-truce",), ("customs",), ()])
def test_the_shipped_rules_report_once_that_nobody_answers_what_is_high_or_critical(tags: tuple[str, ...]) -> None:
    rules = load_settings(shipped.folder("config"), None, {}).rules
    for priority in ("low", "normal", "high", "critical"):
        commitment = Commitment(key="a", title="A", deadline="2027-01-04", priority=priority, tags=tags)
        matched = matching(rules, commitment)
        assert [rule.remind.unanswered is not None for rule in matched].count(True) == (
            priority in ("high", "critical")
        )
        assert [rule.remind.on_the_day for rule in matched].count(True) == 1


def test_operators_a_fallback_and_a_heartbeat_are_read_and_its_url_is_a_secret(here: Path) -> None:
    more = "operators: [log]\nheartbeat: {url: {env: BEAT}}\n"
    rule = RULE.rstrip() + "\n    fallback: log\n"
    found = load(CHANNELS + more + rule, {"BEAT": "https://beat.example.org/1234"})
    assert found.operators == ("log",)
    assert found.heartbeat
    assert found.heartbeat.options == {"url": "https://beat.example.org/1234"}
    assert found.rules[0].fallback == "log"
    assert "https://beat.example.org/1234" in found.secrets()
    assert "1234" not in repr(found)
    plain = load(CHANNELS + "heartbeat: {url: 'https://beat.example.org/5678'}\n")
    assert "https://beat.example.org/5678" in plain.secrets()


def test_what_was_sent_is_kept_for_as_long_as_stated(here: Path) -> None:
    days = timedelta(days=1)
    assert load(CHANNELS).kept == Retention(messages=90 * days, ledger=3650 * days)
    stated = load(CHANNELS + "keep: {messages: P1Y, ledger: P7Y}\n")
    assert stated.kept == Retention(messages=365 * days, ledger=7 * 365 * days)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            CHANNELS + "keep: {messages: P7D}",
            "c/a.yaml:2: keep.messages: expected whole days, from P30D to P100Y, found `P7D`",
        ),
        (
            CHANNELS + "keep: {ledger: P11M}",
            "c/a.yaml:2: keep.ledger: expected whole days, from P1Y to P100Y, found `P11M`",
        ),
        (
            CHANNELS + "keep: {messages: P2Y, ledger: P1Y}",
            "c/a.yaml:2: keep: the ledger goes with its texts: set `ledger` to P2Y or longer, or `messages` to less",
        ),
        (CHANNELS + "operators: [lag]", "c/a.yaml:2: there is no channel \"lag\"; did you mean 'log'?"),
        (CHANNELS + RULE + "    fallback: lag\n", "c/a.yaml:8: there is no channel \"lag\"; did you mean 'log'?"),
        (CHANNELS + "heartbeat: {}", 'c/a.yaml:2: "heartbeat.url" is missing'),
        (
            CHANNELS + "heartbeat: {url: {env: BEAT}}",
            "c/a.yaml:2: heartbeat.url: the environment variable BEAT is not set",
        ),
    ],
)
def test_what_is_wrong_with_them_is_said_with_its_line(here: Path, text: str, line: str) -> None:
    assert refused(text) == [line]
