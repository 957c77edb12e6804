"""The meanings of templates, blocks and codes, for docs/templates.md."""

from __future__ import annotations

TEMPLATES = {
    "answers.jinja": "the phrases about answering by a link, a macro for each",
    "chat/digest.jinja": "several reminders in a chat",
    "chat/parts.jinja": "what a chat shows below a heading that has the title and the date",
    "chat/reminder.jinja": "one reminder in a chat",
    "chat/summary.jinja": "a summary in a chat",
    "email/answers.html": "macros for answering in HTML mails: the button, the link below an entry, who reads replies",
    "email/digest.html": "several reminders in a mail",
    "email/digest.txt": "the same as plain text, for mails, the console and a maildir",
    "email/layout.html": "the frame of all HTML mails, with the sheet for dark readers and narrow screens",
    "email/parts.html": "macros that the HTML mails share: rows, headings, commands, the chart of dates by week",
    "email/parts.txt": "the chart of dates by week, as text",
    "email/reminder.html": "one reminder in a mail",
    "email/reminder.txt": "the same as plain text, for mails, the console and a maildir",
    "email/subject.txt": "the subject of every mail, the title of every post and the summary of every webhook",
    "email/summary.html": "a summary in a mail",
    "email/summary.txt": "the same as plain text, for mails, the console and a maildir",
    "phrases.jinja": "the phrases that all of them share, a macro for each",
    "webhook/body.json": "what a webhook gets; every value goes through `tojson`",
}

BLOCKS = {
    "preheader": "what a mail program shows next to the subject",
    "content": "all between the bar and the footer: the blocks below",
    "head": "the date, the title and how things stand",
    "facts": "who, and the date confidence; in a chat also the time zone and what to do",
    "to_do": "what to do, the note, and where to look",
    "answer": "the button, where messages have links to answer by",
    "basis": "how the date was worked out: as stated, the result, assumptions, the source",
    "ledger": "the acknowledgement, and the next reminder",
    "timeline": "the chart of dates by week",
    "items": "the reminders, group by group",
    "commands": "the commands; in a chat with links, the links",
    "footer": "below the card: why it was sent",
}

CODES = {
    "kind": {
        "before": "ahead of its day, by a lead of the rule",
        "on_the_day": "its day has come",
        "opens": "its window begins",
        "overdue": "it is overdue, and nobody has acknowledged that",
        "moved": "its date has changed, or is known now",
        "review": "it has no date, or is open with no end date",
        "closed": "it is fulfilled, breached or withdrawn",
        "reopened": "it was closed, and is open again",
    },
    "what": {
        "obligation": "somebody has to do it",
        "expiry": "it ends",
        "event": "it takes place",
        "request": "somebody is asked for it",
        "expectation": "somebody expects it",
    },
    "standing": {
        "undated": "there is no date",
        "ahead": "its day or window is to come",
        "today": "it is its last day, or its window is open",
        "past": "it is late",
        "holds": "`after D`: D is to come",
        "holds_today": "`after D`: it is D",
        "opens": "it begins later, and has no known end",
        "opened": "it has begun, and has no known end",
    },
    "certainty": {
        "stated": "as stated",
        "worked out": "calculated from the stated terms",
        "window": "no single day is stated",
        "no end": "no end is stated",
        "not stated": "`undated`",
        "to be decided": "`undated (tbd)`",
        "explicitly none": "`undated (none)`",
        "open": "it depends on something without a date",
        "recurring": "it recurs",
    },
    "group": {
        "late": "overdue",
        "today": "due today",
        "coming": "upcoming",
        "open": "under review or without a date",
        "changed": "moved or closed",
    },
    "kind of a cell": {
        "": "nothing",
        "day": "its day",
        "span": "a part of its window",
        "opening": "the day from which it is open with no known end",
        "onward": "the time from then on",
    },
}
