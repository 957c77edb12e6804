"""Texts that try to be more than text in mails, calendars, chats, shells and templates: each comes out as itself."""

from __future__ import annotations

BASE = [
    # mentions and links of chats
    "<!channel>", "<!here|here>", "<@U123>", "<#C123|general>", "<https://evil.example|safe>",
    "<mailto:a@evil.example|a>", "@everyone", "@here", "@channel", "@all", "@desk", "<@123456789012345678>",
    "<@&123456789012345678>", "<#123456789>", "</command:123>", "<t:0:R>", "<:smile:123>", "<users/all>",
    "<users/123>", "<at>everyone</at>", "~town-square", "#general",
    # Markdown
    "[safe](https://evil.example)", "[safe][1]", "[1]: https://evil.example",
    "![x](https://evil.example/x.png)", "<https://evil.example>", "https://evil.example/?a=1&b=2",
    "http://evil.example", "www.evil.example", "a@evil.example", "mailto:a@evil.example",
    "](https://evil.example)", ")[x](https://evil.example", "`[x](https://evil.example)",
    "\\[x](https://evil.example)", "# head", "> quote", "- item", "1. item", "***", "---", "```\ncode\n```",
    "||hidden||",
    # HTML and entities
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<a href='https://evil.example'>x</a>",
    "</p><hr><p>", "<b>x", "<!-- ", "<font color='red'>x</font>", "&lt;script&gt;", "&#64;everyone",
    "&#x3c;!channel&#x3e;",
    # headers, calendars, shells, templates
    "one\r\nBcc: all@evil.example", "x\nEND:VEVENT\nBEGIN:VALARM", "x;VALUE=URI:https://evil.example",
    "`reboot` $(reboot)", "{{ 7*7 }}", "{% raw %}", "${7*7}", "{{DATE(2017-02-14T06:08:39Z,SHORT)}}",
    "@{triggerBody()}", "=cmd|' /C calc'!A0", "\u202egnp.exe", "\x1b[2J\x1b]0;owned\x07", "\x00",
    "lone \ud800 surrogate",
]  # fmt: skip
WRAPPERS = ["{}", "see {} here", "({})", "line\n{}", "*{}*", "{0}{0}"]
INJECTIONS = [wrapper.replace("{0}", text).replace("{}", text) for text in BASE for wrapper in WRAPPERS]
