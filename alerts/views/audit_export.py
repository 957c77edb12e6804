"""An audit as a file: the same octets for the same period, so that their SHA-256 can be compared later."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Set
from dataclasses import astuple, dataclass, fields
from datetime import datetime

from alerts.interchange.cells import defuse
from alerts.store.audit_records import changes_between, tries_between
from alerts.store.database import Database
from alerts.views.audit_lines import AuditLine, audit_lines

HEADINGS = tuple(one.name for one in fields(AuditLine))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExport:
    """What was sent and changed from `since` until before `until`, with its times in a zone.

    `shared`: addresses that several people read, in small letters.
    """

    database: Database
    since: datetime
    until: datetime
    zone: str
    shared: Set[str]

    def lines(self) -> Iterator[AuditLine]:
        """Yield the lines, of which some are read at a time."""
        of = self.database, self.since, self.until
        return audit_lines(tries_between(*of), changes_between(*of), zone=self.zone, shared=self.shared)


def csv_pieces(lines: Iterable[AuditLine]) -> Iterator[bytes]:
    """Yield a CSV file (RFC 4180), line by line, with the byte order mark that Excel needs to recognize UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(HEADINGS)
    yield out.getvalue().encode()
    for line in lines:
        out.seek(0)
        out.truncate()
        writer.writerow([defuse(text) for text in astuple(line)])
        yield out.getvalue().encode()
