"""What headings of registers usually mean, in English. Only their letters and digits are compared."""

from __future__ import annotations

import re

FIELD_WORDS: dict[str, tuple[str, ...]] = {  # the more telling first
    "key": ("key", "refno", "refnumber", "reference", "referenceno", "ref", "id", "code", "contractno",
            "contractnumber", "contractid", "number", "no", "nr", "item", "itemno"),
    "title": ("title", "what", "obligation", "commitment", "requirement", "deliverable", "task", "action", "name",
              "subject", "description", "contract", "agreement", "document", "summary"),
    "deadline": ("deadline", "duedate", "due", "dueby", "dueon", "actby", "bywhen", "targetdate", "target",
                 "expirydate", "expiry", "expires", "expirationdate", "enddate", "ends", "renewaldate", "renewal",
                 "effectivedate", "nextreview", "reviewdate", "date"),
    "deadline_time": ("closingtime", "duetime", "deadlinetime", "time"),
    "owner": ("owner", "responsible", "responsibleperson", "assignedto", "assignee", "lead", "person", "who",
              "contactperson", "manager", "accountable"),
    "priority": ("priority",),
    "tags": ("tags", "tag", "category", "type", "area", "topic"),
    "timezone": ("timezone", "zone", "tz"),
    "note": ("note", "notes", "remarks", "remark", "comment", "comments", "details"),
    "source_locator": ("clause", "section", "article", "paragraph", "page"),
    "source_quote": ("quote", "wording"),
}  # fmt: skip
OPEN_WORDS = frozenset("open active pending new announced draft progress ongoing".split())
STATUS_WORDS = ("status", "state", "done", "completed", "complete", "closed", "progress")
DONE_WORDS = frozenset(
    "done closed complete completed finished fulfilled delivered submitted filed yes x ✓ ✔ cancelled canceled "
    "withdrawn terminated expired superseded true".split()
)
OWNER_WORD = re.compile(r"\b(?:owner|responsible|assignee)\b", re.IGNORECASE)
END_WORD = re.compile(
    r"\bby$|notice|cancel|clos|due|deadline|expir|until|eol|\bends?(?![a-z])|_end(?![a-z])|fim$|final", re.IGNORECASE
)
START_WORD = re.compile(
    r"creat|start|begin|publish|advertis|issue|open|added|scrap|extract|extra\u00e7|sign|assinatura|inici|releas|update|"
    r"announc|posted|received",
    re.IGNORECASE,
)
DATE_WORD = re.compile(r"date|due|deadline|expir|renew|review|notice|until|by$|ends?$|ended", re.IGNORECASE)
