"""`/new`: track one commitment, after a look at what its deadline means."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from alerts.actions.add import KeyTakenError, add, preview_add
from alerts.core.actors import Request
from alerts.core.changes import Change
from alerts.core.commitments import Commitment, Kind, Priority
from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.log_output import fields
from alerts.rendering.template_filters import flat
from alerts.store.store_error import StoreError
from alerts.views.date_warnings import past_dates, skipped_dates
from alerts.views.planned_alerts import alerts_of_new
from alerts.views.shown_times import shown_with_zone, soon
from alerts.views.unreached import without_recipient
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import choosable
from alerts.web.link_visits import form_values
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.new_commitment import NewCommitment, WrongFieldsError, key_of_title, keys_from, read_new
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.shown_page import ShownPage
from alerts.web.pages.titles_in_deadlines import with_key

log = logging.getLogger(__name__)
FIRST_ALERTS = 5
LONGEST_DEADLINE = 500  # characters, as the field takes
MOST_NAMES = 500  # that a field proposes
MOST_TAGS = 20
REASON = "added on a page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a form means before it is recorded. `alerts`: the first ones, each with its time, its text and for whom."""

    key: str
    deadline: str
    dates: str
    due_from: str
    overdue_from: str
    explanation: tuple[str, ...]
    assumptions: tuple[str, ...]
    alerts: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class NewPages:
    """Shows the form of a new commitment, what it means, and records it. Threads may share it."""

    def __init__(self, tokens: FormTokens) -> None:
        self._tokens = tokens

    def show(self, reading: PageReading, deadline: str = "") -> ShownPage:
        """Return the form, empty but for a deadline that a link proposes."""
        return self._page(reading, AnswerForm({"deadline": deadline[:LONGEST_DEADLINE]}))

    def press(self, reading: PageReading, body: bytes, commitments: Iterable[Commitment] = ()) -> ShownPage | str:
        """Return the page with what the form means, or record it and return its key.

        `commitments`: the open ones, which its deadline may name by their titles.
        """
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form, reading.visitor):
            return self._page(reading, form, status=403, notice="stale")
        what, _ = form.choice
        try:
            new = _stated(reading, form, commitments)
            if what == "track":
                return self._track(reading, form, new)
            change = Change.of(reading.visitor.actor(None), reading.now)
            tracked = preview_add(reading.store, new.commitment, change, parties=new.parties, sources=new.sources)
            return self._page(reading, form, meaning=_meaning(reading, tracked, new))
        except RecordedBeforeError as error:
            return error.result
        except WrongFieldsError as error:
            return self._page(reading, form, status=422, errors=error.errors)
        except FormError as error:
            return self._page(reading, form, status=422, errors={error.field: str(error)})
        except KeyTakenError:
            taken = f"{form.fields.get('key', '')} is tracked already: choose another key, or leave it empty."
            return self._page(reading, form, status=422, errors={"key": taken})
        except NotAllowedError as error:
            return self._page(reading, form, status=422, errors={"": str(error)})
        except StoreError as error:
            log.warning("a commitment was not recorded: %s", error)
            return ShownPage(template="page_message", values={"message": "not_recorded"}, status=503)
        except InputError as error:
            return self._page(reading, form, status=422, errors={"deadline": str(error)})

    def _track(self, reading: PageReading, form: AnswerForm, new: NewCommitment) -> str:
        request = Request(id=form.id, at=reading.now)
        change = Change.of(reading.visitor.actor(form.name), reading.now, REASON, request=request)
        add(reading.store, new.commitment, change, parties=new.parties, sources=new.sources)
        key = new.commitment.key
        seen = fields(event="page", answer="add", commitments=key, by=change.by)
        log.info("recorded on a page: add %s, by %s", key, change.by, extra=seen)
        return key

    def _page(
        self,
        reading: PageReading,
        form: AnswerForm | None = None,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        meaning: Meaning | None = None,
    ) -> ShownPage:
        ledger = reading.store.ledger
        with reading.store.database.snapshot():
            parties, sources = ledger.parties(), ledger.sources()
        values: dict[str, object] = {
            **self._tokens.fields(reading.visitor, form.id if form and status != 403 else ""),
            **form_values(form, errors, notice),
            "meaning": meaning,
            "choosable": choosable(reading.people, reading.now),
            "parties": sorted(one.name for one in parties.values())[:MOST_NAMES],
            "sources": sorted(one.title for one in sources.values())[:MOST_NAMES],
            "kinds": [kind for kind in get_args(Kind) if kind != "notice"],
            "priorities": get_args(Priority),
            "rule_tags": sorted({tag for rule in reading.settings.rules for tag in rule.match.get("tags", ())})[
                :MOST_TAGS
            ],
        }
        return ShownPage(template="new", values=values, status=status)


def _stated(reading: PageReading, form: AnswerForm, commitments: Iterable[Commitment]) -> NewCommitment:
    """Return what a form states. A key that it leaves out is made from the title. Raises WrongFieldsError."""
    title, key, store = form.fields.get("title", ""), form.fields.get("key", "").strip(), reading.store
    with store.database.snapshot():
        if not key:
            key = key_of_title(title, store.commitments.statuses(keys_from(title)))
        parties, sources = store.ledger.parties(), store.ledger.sources()
    deadline = with_key(form.fields.get("deadline", ""), commitments)
    found = read_new({**form.fields, "deadline": deadline}, key, parties, sources)
    if wrong := _wrong_owner(reading, found.commitment.owner):
        raise WrongFieldsError({"owner": wrong})
    return found


def _wrong_owner(reading: PageReading, key: str | None) -> str | None:
    """Return why nobody of that key can own a commitment; None where somebody can, or where nobody is named."""
    owner = reading.people.get(key or "")
    if key and owner is None:
        return "Choose a person of the list."
    if owner and owner.has_left(reading.now):
        return f"{flat(owner.name)} left on {owner.left_on(reading.zone)}. Choose somebody else."
    return None


def _meaning(reading: PageReading, tracked: Tracked, new: NewCommitment) -> Meaning:
    bounds, now = tracked.bounds, reading.now
    zone = bounds.zone if bounds.zone and bounds.zone != "AoE" else reading.zone
    alerts = alerts_of_new(reading, tracked, now, FIRST_ALERTS)
    unreached = without_recipient(reading, [tracked], reading.owners)
    dates = (*skipped_dates([tracked]), *past_dates([tracked], now))
    return Meaning(
        key=tracked.commitment.key,
        deadline=tracked.commitment.deadline,
        dates=describe_bounds(bounds),
        due_from=shown_with_zone(bounds.earliest, zone) if bounds.earliest else "",
        overdue_from=shown_with_zone(bounds.latest, zone) if bounds.latest else "",
        explanation=tuple(bounds.explanation),
        assumptions=tuple(bounds.assumptions),
        alerts=tuple((soon(one.at, now, reading.zone), one.text, one.whom) for one in alerts),
        notes=new.notes,
        warnings=(*(line.partition(": ")[2] for line in dates), *unreached.lines),
    )
