"""A strict reader for YAML and JSON that knows the line of every value.

It reads the parser's events one at a time: a large file is never held as a tree. It refuses duplicate keys, anchors,
aliases, tags and second documents, which YAML 1.1 allows and readers overlook (YAML 1.2.2, sections 3.2.2 and 10.3).
"""

from alerts.strict_yaml.mailboxes import one_address
from alerts.strict_yaml.person_entry import PersonInFile, PersonInSettings
from alerts.strict_yaml.text_fields import Key, Line, Paragraphs, Zone
from alerts.strict_yaml.validation import Count, Flag, Raw, Section, Text, lines_of, once, problems_of
from alerts.strict_yaml.yaml_events import Places, Plain, Steps, read, stream

__all__ = [
    "Count",
    "Flag",
    "Key",
    "Line",
    "Paragraphs",
    "PersonInFile",
    "PersonInSettings",
    "Places",
    "Plain",
    "Raw",
    "Section",
    "Steps",
    "Text",
    "Zone",
    "lines_of",
    "once",
    "one_address",
    "problems_of",
    "read",
    "stream",
]  # fmt: skip
