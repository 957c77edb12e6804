"""The audit export of the month before, as the first summary of each rule states it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from alerts.core.audited_months import AuditedMonth, month_before, month_bounds
from alerts.store.audit_records import count_unfinished
from alerts.store.database import Database
from alerts.store.stated_months import AuditedMonths
from alerts.store.store_error import StoreError
from alerts.views.audit_export import AuditExport, csv_pieces

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MonthlyAudits:
    """What the months of a database come to, in a zone. `shared`: addresses that several people read, in small letters.

    Months, zone and addresses are those with which `alerts audit export` makes the same file.
    """

    database: Database
    zone: str
    shared: Set[str]

    def find(self, rule: str, firing: datetime, now: datetime) -> AuditedMonth | None:
        """Return the month that a summary of a rule states; None where one did already, or nothing was in the month.

        A month is read once for all rules and processes. A summary never waits for one that cannot be read.
        """
        months = AuditedMonths(self.database)
        try:
            first = month_before(firing, self.zone)
            if months.is_stated(first, self.zone, rule, now):
                return None
            month, is_known = months.find(first, self.zone, now)
            return month if is_known else months.keep(first, self.zone, self._read(first), now)
        except StoreError:
            raise
        except Exception:
            log.exception(
                "the audit of the month before cannot be read: the summary of rule %s does not state it", rule
            )
            return None

    def _read(self, first: date) -> AuditedMonth | None:
        """Return what a month comes to; None where nothing was in it."""
        since, until = month_bounds(first, self.zone)
        export = AuditExport(database=self.database, since=since, until=until, zone=self.zone, shared=self.shared)
        digest, lines = hashlib.sha256(), export.lines()
        first_line = next(lines, None)
        if first_line is None:
            return None
        for piece in csv_pieces(chain([first_line], lines)):
            digest.update(piece)
        unfinished = count_unfinished(self.database, since, until)
        return AuditedMonth(first=first, zone=self.zone, sha256=digest.hexdigest(), unfinished=unfinished)
