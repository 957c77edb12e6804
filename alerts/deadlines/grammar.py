"""Deadlines as people state them: read into expressions, which print themselves in one canonical form."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NoReturn

from alerts.deadlines.anchor_words import DIRECTION_PHRASES, REFUSED_PHRASES
from alerts.deadlines.dates import read_date
from alerts.deadlines.english import ENDINGS, OPENINGS, TO, UNDATED_PHRASES, WHICHEVER
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import UNDATED, After, Between, By, Deadline, During, From, On, OneOf, Undated
from alerts.deadlines.keys import KEY
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.terms import Dated, Shifted, Term
from alerts.deadlines.token_dates import read_token
from alerts.deadlines.tokens import LONGEST, DeadlineError, Phrases
from alerts.deadlines.window_words import WindowReader

EXPECTED = "expected a deadline such as 2025-11-10, `31 March 2027`, `after 2025-11-10`, `P1Y after KEY` or `undated`"
_OPENINGS, _ENDINGS, _WHICHEVER, _UNDATED = map(Phrases, (OPENINGS, ENDINGS, WHICHEVER, UNDATED_PHRASES))
_TO = Phrases.any_of(TO)
SHORT = LONGEST // 20  # characters: what is printed is not so many times as long as what was written
PART_ENDS = ("", ";", ")")
Which = Literal["earlier", "later"]


@lru_cache(maxsize=16384)
def parse(text: str) -> Deadline:
    """Return the deadline of a text. Raises DeadlineError, which names the column and what was expected."""
    return _plain_date(text) or _Reader(text).deadline()


def _plain_date(text: str) -> On | None:
    """Return the deadline of one date in ISO 8601, as most are; reading those must stay quick."""
    try:
        found = read_date(text) if text[:1].isdigit() else None
    except InputError:
        return None
    return On(found) if found else None


class _Reader(WindowReader):
    """Reads a deadline token by token."""

    def deadline(self) -> Deadline:
        found = self.expression() if len(self.text) <= LONGEST else None
        if found is None or (len(self.text) > SHORT and len(str(found)) > LONGEST):
            raise DeadlineError(f"column 1: a deadline of more than {LONGEST:,} characters is not one")
        if self.next < len(self.tokens):
            self.fail("expected the end")
        return found

    def expression(self) -> Deadline:
        """Read a deadline, or `A or B, whichever is earlier`; the text may go on after it."""
        parts = [self._single()]
        if not self.depth and (series := self.thereafter(_start_of(parts[0]))):
            return series
        while self.take_one(("or",)):
            parts.append(self._single())
        if len(parts) == 1:
            return parts[0]
        self.take_one((",",))
        which = self.take_phrase(_WHICHEVER)
        if which is None:
            self.fail("expected `whichever is earlier` or `whichever is later` after two deadlines")
        return OneOf("earlier" if which == "earlier" else "later", tuple(parts))

    def _single(self) -> Deadline:
        found = self._undated_phrase() or self._in_one_word() or self.limit()
        if found is None:
            opening = self.take_phrase(_OPENINGS)
            found = self._opened(opening, self.tokens[self.next - 1][1].lower()) if opening else self._plain()
        ending = self.take_phrase(_ENDINGS)
        return self._ended(found, ending) if ending else found

    def _in_one_word(self) -> Deadline | None:
        """Read `monthly on the 15th from 2027-01-15`."""
        series = None if self.depth else self.frequency_word()
        return self.recurring(series) if series else None

    def _opened(self, meaning: str, stated: str) -> Deadline:
        """Read a deadline whose first words are read."""
        match meaning:
            case "undated":
                return self._undated()
            case "after":
                return After(self.term(stated))
            case "by" | "until":
                return By(self.term(stated), "by" if meaning == "by" else "until")
            case "before":
                return self.before()
            case "from":
                first = self.term(stated)
                return Between(first, self.term("to")) if self.take_phrase(_TO) else From(first)
            case "between":
                return self.between()
            case "within":
                return self.within()
            case "earlier" | "later":
                return self._one_of("earlier" if meaning == "earlier" else "later")
            case "every":
                if self.depth:
                    self.next -= 1
                    self.fail("expected a deadline that has one date: what recurs stands alone")
                return self.every()
        return _as_deadline(self.term(stated))

    def _undated(self) -> Undated:
        if self.peek() != "(":
            return Undated()
        self.take()
        token = self.peek()
        if token not in ("tbd", "none"):
            self.fail("expected `tbd` or `none` in the brackets after `undated`")
        self.take()
        self.expect(")", f"undated ({token})")
        return Undated(UNDATED[token])

    def _undated_phrase(self) -> Undated | None:
        """Read `TBD`, `open-ended`; refuse what has several readings, such as `ongoing`."""
        refused = self.phrase(REFUSED_PHRASES)
        if refused and self.word(refused[1]) in PART_ENDS:
            self.refuse(f"`{self.written(refused[1])}` {refused[0]}")
        found = self.phrase(_UNDATED)
        if found is None or self.word(found[1]) not in PART_ENDS:
            return None
        self.take(found[1])
        return Undated(next(meaning for meaning in UNDATED.values() if meaning == found[0]))

    def _one_of(self, which: Which) -> OneOf:
        example = f"{which} of (2025-11-10; P7D after KEY)"
        self.enter()
        self.expect("of", example)
        parts = self._listed() if self.peek() != "(" else self._bracketed(example)
        self.depth -= 1
        return OneOf(which, tuple(parts))

    def _bracketed(self, example: str) -> list[Deadline]:
        self.expect("(", example)
        parts = [self.expression()]
        while self.peek() == ";" or len(parts) < 2:
            self.expect(";", example)
            parts.append(self.expression())
        self.expect(")", example)
        return parts

    def _listed(self) -> list[Deadline]:
        """Read `A, B and C`."""
        parts = [self._listed_part()]
        while self.word() in (",", "and", "or") or len(parts) < 2:
            comma = self.take_one((",",))
            if not self.take_one(("and", "or")) and not comma:
                self.fail("expected `and` as in `the earlier of 2025-11-10 and 7 days after KEY`")
            parts.append(self._listed_part())
        return parts

    def _listed_part(self) -> Deadline:
        """Read a part of a list, which may also be a key."""
        if KEY.fullmatch(self.peek()) and self.word(1) in ("", ")", ";", ",", "and", "or"):
            return During(self.reference("of"))
        return self._single()

    def _plain(self) -> Deadline:
        """Read a deadline that begins with its date or its duration."""
        if found := self.interval():
            return found
        token = self.peek()
        term: Term | None = self.token_date() if token[:1].isdigit() or token[:1] in ("?", "~", "%") else None
        term = (term and self.closed(term)) or self._phrase_alone() or self._token_alone()
        if term is None:
            self._explain_unread()
        term = self.chained(term)
        if self.take_phrase(_TO):
            return Between(term, self.term("to"))
        return _as_deadline(term)

    def _phrase_alone(self) -> Term | None:
        start = self.next
        duration = self.span()
        if duration and self.phrase(DIRECTION_PHRASES) is None:
            self.fail(f"expected `after` or `before` following `{duration.to_text}`")
        self.next = start
        return self.term_phrase()

    def _token_alone(self) -> Dated | None:
        """Read `2027-Q2` or `31-Mar-2027`, which after a preposition would be a key."""
        found = read_token(self.column()[1])
        if isinstance(found, str):
            self.refuse(found)
        if found is None:
            return None
        self.take()
        return self.add_clock_and_zone(found)

    def _explain_unread(self) -> NoReturn:
        token = self.peek()
        if token.isdecimal():
            self.fail("expected a duration with its unit, such as `10 days`, or a date such as 2025-11-10")
        if token[:1].isdigit():
            self.fail("expected a date written as 2025-11-10 or 2025-11-10T12:01")
        self.fail(EXPECTED)

    def _ended(self, found: Deadline, ending: str) -> Deadline:
        """Return a deadline with what its last words say: `at the latest`, `or later`."""
        term = _term_of(found)
        if ending == "inclusive" or (ending == "by" and not isinstance(found, After | From) and term is None):
            return found
        if term is None:
            self.next -= 1
            self.fail("expected one date, where the end says that it is the earliest or the latest")
        return By(term) if ending == "by" else From(term)


def _as_deadline(term: Term) -> Deadline:
    if isinstance(term, Reference):
        return During(term)
    return term if isinstance(term, Shifted) else On(term)


def _start_of(deadline: Deadline) -> Term | None:
    """Return the date of which `and annually thereafter` is said."""
    return deadline.term if isinstance(deadline, By | From) else _term_of(deadline)


def _term_of(deadline: Deadline) -> Term | None:
    match deadline:
        case On(term):
            return term
        case During(key):
            return key
        case Shifted():
            return deadline
    return None
