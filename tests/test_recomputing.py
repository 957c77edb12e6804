"""What deadlines rest on: a change of it reaches all that is loaded, is told with its reason, and goes one way."""

import shutil
import zoneinfo
from datetime import timedelta
from pathlib import Path

import pytest
import tzdata

from alerts.core.deadline_resolver import forget_resolved
from alerts.core.rules import Overdue
from alerts.daemon import Daemon
from alerts.deadlines.meaning import REASON
from alerts.deadlines.moved_bounds import describe_move
from alerts.recomputing import DATA, take_data, take_zone
from alerts.scheduled_rules import ScheduledRule
from alerts.startup import prepare
from alerts.store import Store
from alerts.zone_data import is_newer, read_anew, zone_data
from tests.factories import NOW, at, close, entry, load, party, plan_at, remind, rule, settle, tracked

LATER = NOW + timedelta(days=1)
DEADLINE = "2026-03-10"
NOON = f"{DEADLINE}T12:00"


@pytest.fixture
def zones(tmp_path, monkeypatch):
    """A folder of zones of our own, which `zoneinfo` reads: release `2091a`."""
    system = next((Path(one) for one in zoneinfo.TZPATH if (Path(one) / "Europe/London").is_file()), None)
    if system is None:
        system = Path(zoneinfo.__file__).parent  # never: the data would come from the package
        system = Path(tzdata.__file__).parent / "zoneinfo"
    for name in ("Europe/London", "Europe/Berlin", "Asia/Tokyo"):
        (tmp_path / "zones" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(system / name, tmp_path / "zones" / name)
    (tmp_path / "zones/tzdata.zi").write_text("# version 2091a\n")
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path / "zones")])
    read_anew()
    yield tmp_path / "zones"
    zoneinfo.reset_tzpath(before)
    read_anew()


def release(zones, name):
    """A release in which Berlin goes by the clocks of Tokyo."""
    shutil.copy(zones / "Asia/Tokyo", zones / "Europe/Berlin")
    (zones / "tzdata.zi").write_text(f"# version {name}\n")


def moves(taken):
    return {one.reason: sorted(move.key for move in one.moves) for one in taken}


def test_a_zone_that_is_set_after_loading_reaches_what_it_concerns_and_is_told(store):
    stated = [
        entry("a", DEADLINE, timezone=None),
        entry("follows", "P1D after a", timezone=None),
        entry("party", DEADLINE, timezone=None, by=("cn",)),
        entry("own", DEADLINE),
        entry("x", timezone=None),
    ]
    take_zone(store, None, NOW)
    load(store, *stated, parties=[party("cn", "Asia/Shanghai")])
    close(store, "x")
    desk = rule(remind=remind(moved=True), notify=("mail",))
    settle(store, desk)
    plan_at(store, NOW, desk)
    reason = "time zone of the settings changed from none to Europe/Berlin"
    assert moves(take_zone(store, "Europe/Berlin", LATER)) == {reason: ["a", "follows"]}
    assert take_zone(store, "Europe/Berlin", LATER) == []
    plan_at(store, LATER, desk)
    told = {key: [one["kind"] for one in store.ledger.reminders(tracked(store, key).id)]
            for key in ("a", "follows", "party", "own")}  # fmt: skip
    assert told == {"a": ["moved"], "follows": ["moved"], "party": [], "own": []}
    assert store.ledger.history(tracked(store, "a").id)[-1].reason == reason
    load(store, entry("new", DEADLINE, timezone=None), now=LATER)
    assert tracked(store, "new").bounds == tracked(store, "a").bounds


def test_a_partys_zone_moves_what_the_party_owes_and_says_so(store):
    take_zone(store, None, NOW)
    stated = [entry("hers", DEADLINE, timezone=None, by=("cn",)), entry("other", DEADLINE, timezone=None)]
    load(store, *stated, parties=[party("cn")])
    other = Store(store.database.url.render_as_string(hide_password=False), "Europe/Berlin")  # whose files say more
    report = load(other, *stated, parties=[party("cn", "Asia/Tokyo")], now=LATER)
    other.close()
    assert [move.key for move in report.moved] == ["hers"]
    assert tracked(store, "other").bounds.zone is None
    last = store.ledger.history(tracked(store, "hers").id)[-1]
    assert last.reason == "time zone of CN changed from none to Asia/Tokyo"


def test_the_start_of_a_daemon_takes_the_zone_of_its_settings(database_url):
    first = Store(database_url)
    prepare(first, ScheduledRule.all([rule()]), NOW)
    load(first, entry("a", DEADLINE, timezone=None))
    first.close()
    second = Store(database_url, "Asia/Tokyo")
    prepare(second, ScheduledRule.all([rule()]), LATER)
    assert tracked(second, "a").bounds.zone == "Asia/Tokyo"
    second.close()


def test_what_was_interrupted_is_finished_by_the_next(store, monkeypatch):
    take_zone(store, None, NOW)
    load(store, entry("a", DEADLINE, timezone=None))
    with monkeypatch.context() as broken:
        broken.setattr(type(store.commitments), "recompute", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take_zone(store, "Asia/Tokyo", LATER)
    load(store, entry("b", DEADLINE, timezone=None), now=LATER)
    assert tracked(store, "b").bounds.zone == "Asia/Tokyo"
    assert list(moves(take_zone(store, "Asia/Tokyo", LATER)).values()) == [["a"]]


def test_an_upgraded_database_moves_only_what_is_not_as_it_should_be(store):
    """Nobody knows what its deadlines were worked out with."""
    load(store, entry("a", DEADLINE), entry("b", DEADLINE, timezone=None))
    assert moves([*take_data(store, NOW), *take_zone(store, None, NOW)]) == {
        f"zone data {zone_data()}": [],
        f"holidays release {DATA[2][2]()}": [],
        REASON: [],
        "time zone of the settings is not set": [],
    }


def test_an_upgrade_moves_what_has_another_meaning_and_tells_it_once_with_the_reason(store, monkeypatch):
    """Before, a period of days from an instant ended at the same time of day (Regulation 1182/71, Article 3)."""
    with monkeypatch.context() as earlier:
        earlier.setattr("alerts.deadlines.deadline_windows.end_of_period", lambda last, *_: last)
        load(store, entry("a", "2026-01-09T15:00"), entry("due", "within P15D of a"), entry("same", "P15D after a"))
        assert tracked(store, "due").bounds.latest == at("2026-01-24T15:00")
    forget_resolved()
    assert moves(take_data(store, LATER))[REASON] == ["due"]
    assert tracked(store, "due").bounds.latest == at("2026-01-25T00:00")
    assert tracked(store, "same").bounds.latest == at("2026-01-24T15:00")
    assert store.ledger.history(tracked(store, "due").id)[-1].reason == REASON
    assert take_data(store, LATER) == []


def test_newer_zone_data_move_what_they_change_and_older_ones_move_nothing(store, zones):
    take_data(store, NOW)
    load(store, entry("berlin", NOON, timezone="Europe/Berlin"), entry("tokyo", NOON, timezone="Asia/Tokyo"))
    release(zones, "2091b")
    (taken,) = take_data(store, LATER)
    assert moves([taken]) == {"zone data 2091b, before it was 2091a": ["berlin"]}
    assert tracked(store, "berlin").bounds.latest == at("2026-03-10T03:00")
    release(zones, "2091a")
    assert take_data(store, LATER) == []
    assert tracked(store, "berlin").bounds_version == 2


def test_a_day_that_newer_data_begin_at_another_instant_is_looked_at_again_and_not_told(store, zones):
    """The day and its zone are what was told, and still hold."""
    take_data(store, NOW)
    load(store, entry("berlin", DEADLINE, timezone="Europe/Berlin"))
    desk = rule(cron="* * * * *", remind=remind(overdue=Overdue(), moved=True), notify=("mail",))
    settle(store, desk)
    plan_at(store, NOW, desk)
    assert store.watches.next_alert() == (at("2026-03-10T23:00"), "berlin")
    release(zones, "2091b")
    assert moves(take_data(store, LATER)) == {"zone data 2091b, before it was 2091a": []}
    plan_at(store, LATER, desk)
    assert store.watches.next_alert() == (at("2026-03-10T15:00"), "berlin")
    assert store.ledger.reminders(tracked(store, "berlin").id) == []


def test_data_of_which_nobody_knows_which_is_newer_are_taken_once(store, zones):
    (zones / "tzdata.zi").unlink()
    first = zone_data()
    take_data(store, NOW)
    load(store, entry("berlin", NOON, timezone="Europe/Berlin"))
    saved = (zones / "Europe/Berlin").read_bytes()
    release(zones, "nothing that can be read")
    assert zone_data() != first
    assert list(moves(take_data(store, LATER)).values()) == [["berlin"]]
    (zones / "Europe/Berlin").write_bytes(saved)
    assert zone_data() == first
    assert take_data(store, LATER) == []
    release(zones, "2091c")
    assert list(moves(take_data(store, LATER))) != []


@pytest.mark.parametrize(
    ("one", "other", "newer"),
    [
        ("2026b", "2026a", True), ("2026a", "2026b", False), ("2026za", "2026z", True), ("2027a", "2026z", True),
        ("0.100", "0.99", True), ("0.9", "0.85", False), ("2026a", "content 12ab", True), ("content 1", "2026a", False),
        ("content 1", "content 2", None),
    ],
)  # fmt: skip
def test_releases_are_compared(one, other, newer):
    assert is_newer(one, other) is newer


def test_the_data_of_the_package_are_named_where_the_system_has_none(tmp_path, zones):
    zoneinfo.reset_tzpath([str(tmp_path)])
    assert zone_data() == tzdata.IANA_VERSION
    assert zone_data() != "2091a"


def test_a_move_that_leaves_the_date_names_the_zones(store):
    take_zone(store, None, at("2025-10-01"))
    load(store, entry("a", DEADLINE, timezone=None))
    (taken,) = take_zone(store, "Asia/Tokyo", LATER)
    said = describe_move(taken.moves[0].before, taken.moves[0].after)
    assert said.startswith("Tue 10 Mar 2026: no time zone is stated (late from ")
    assert "→ Asia/Tokyo (late from Tue 10 Mar 15:00 UTC)" in said


def test_a_daemon_that_takes_its_rules_back_takes_its_zone_back(database_url):
    desk = ScheduledRule.all([rule()])
    store = Store(database_url, "Asia/Tokyo")
    daemon = Daemon(store, desk, [], lambda: NOW)
    prepare(store, desk, NOW)
    load(store, entry("a", DEADLINE, timezone=None))
    other = Store(database_url, "Europe/Berlin")
    prepare(other, desk, NOW)
    other.close()
    assert tracked(store, "a").bounds.zone == "Europe/Berlin"
    daemon._plan_once()
    assert tracked(store, "a").bounds.zone == "Asia/Tokyo"
    store.close()


def test_a_turn_for_a_later_moment_forgets_no_process_that_lives(store):
    store.ledger.record_fact("pass:here", "{}", NOW)
    prepare(store, {}, NOW + timedelta(days=30), real=NOW)
    assert "pass:here" in store.ledger.facts()
