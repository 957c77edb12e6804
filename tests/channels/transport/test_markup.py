"""How posts are written in a chat's markup: what is styled, what is inert, and what ends nothing around it."""

from __future__ import annotations

import pytest

from alerts.channels.discord import MARKDOWN
from alerts.channels.mattermost import MARKDOWN as MATTERMOST
from alerts.channels.mattermost import escape as mattermost
from alerts.channels.slack import MRKDWN
from alerts.channels.transport.markup import fenced, markdown, markdown_opening, unlinked
from alerts.core.posts import Line, Post, Run
from tests.channels.kinds import CHANNELS
from tests.channels.limits import texts_of


def line(*runs: Run, quote: bool = False) -> Line:
    return Line(runs, quote=quote)


BOLD, PLAIN = Run("When:", bold=True), Run(" Monday")
WRITTEN = [
    (line(BOLD, PLAIN), "**When:** Monday"),
    (line(Run(" When: ", bold=True), Run("Monday")), " **When:** Monday".strip()),
    (line(Run("a", bold=True), Run("b", bold=True), Run(" c")), "**ab** c"),  # else ****
    (line(Run("pre"), Run("(x)", bold=True)), "pre(x)"),  # markers within a word are none
    (line(Run("x", bold=True, italic=True)), "_**x**_"),
    (line(Run("*x*", bold=True)), r"**\*x\***"),
    (line(Run("x\\", bold=True)), r"**x\\**"),
    (line(Run("  ", bold=True), Run("x")), "x"),
    (line(Run("", bold=True)), ""),
    (line(Run("a\nb\r\n# c")), "a b # c"),
    (line(Run("# c")), r"\# c"),
    (line(Run("> c")), r"\> c"),
    (line(Run("1. c")), r"1\. c"),
    (line(Run("10) c")), r"10\) c"),
    (line(Run("2025-11-10 is it")), "2025-11-10 is it"),
    (line(Run("- c")), r"\- c"),
    (line(Run("---")), r"\---"),
    (line(Run("===")), r"\==="),
    (line(Run("=x=")), "=x="),
    (line(Run("alerts ack x", code=True)), "`alerts ack x`"),
    (line(Run("a`b", code=True)), "`` a`b ``"),
    (line(Run("# not a heading", code=True)), "`# not a heading`"),
    (line(Run("- x", link="https://example.org/a_(b) c|`")), "[- x](https://example.org/a_%28b%29%20c%7C%60)"),
    (line(Run("a]b[c", link="https://example.org")), "[a)b(c](https://example.org)"),
    (line(Run("as said"), quote=True), "> as said"),
    (line(Run("# as said"), quote=True), r"> \# as said"),
]


@pytest.mark.parametrize(("said", "written"), WRITTEN)
def test_a_line_is_written_in_markdown(said: Line, written: str) -> None:
    assert MARKDOWN.write((said,)) == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (line(BOLD, PLAIN), "*When:* Monday"),
        (line(Run("a < b & c > d")), "a &lt; b &amp; c &gt; d"),
        (line(Run("> c")), "\u200b&gt; c"),
        (line(Run("a`<b>", code=True)), "`a'&lt;b&gt;`"),
        (
            line(Run("a|b>c", link="https://example.org/?a=1&b=2>|")),
            "<https://example.org/?a=1&amp;b=2%3E%7C|a|b&gt;c>",
        ),
        (line(Run("as said"), quote=True), ">as said"),
    ],
)
def test_a_line_is_written_for_slack(said: Line, written: str) -> None:
    assert MRKDWN.write((said,)) == written


def test_a_quote_takes_no_line_along_in_mattermost() -> None:
    assert MATTERMOST.write((line(Run("as said"), quote=True), line(Run("next")))) == "> as said\n\nnext"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://x.example", "https:\u200b//x.example"),
        ("a@b.example", "a@\u200bb.example"),
        ("at 12:30:45 o'clock", "at 12:30:45 o'clock"),
        (":smile: :+1:", ":\u200bsmile: :\u200b+1:"),
        ("www.x.example www2.x", "www\u200b.x.example www2\u200b.x"),
        ("mailto:x tel:1", "mailto\u200b:x tel\u200b:1"),
        ("Note: it is", "Note: it is"),
        (":" + "a" * 100_000, ":" + "a" * 100_000),
    ],
)
def test_what_would_be_live_by_itself_is_broken(text: str, written: str) -> None:
    assert unlinked(text) == written


@pytest.mark.parametrize(
    ("text", "discord", "mattermosts"),
    [
        ("a*b_c~d|e", r"a\*b\_c\~d\|e", r"a\*b\_c\~d\|e"),
        ("<@1>", "\\<@\u200b1>", "&lt;@\u200b1\\>"),
        ("#tag &amp; &x", "#tag &amp; &x", r"\#tag &amp;amp; &x"),
        ("[x](y)", r"\[x\](y)", r"\[x\](y)"),
    ],
)
def test_text_is_inert_in_markdown(text: str, discord: str, mattermosts: str) -> None:
    assert (markdown(text), mattermost(text)) == (discord, mattermosts)


def test_code_is_fenced_by_more_backticks_than_it_has() -> None:
    assert [fenced(text) for text in ("a", "`", "a``b")] == ["`a`", "`` ` ``", "``` a``b ```"]
    assert markdown_opening("") == ""


@pytest.mark.parametrize("text", ["{{DATE(2026-01-01)}}", "{{{DATE(2026-01-01)}}}", "{{{{"])
def test_a_card_for_teams_calls_no_function(text: str) -> None:
    body = CHANNELS["teams"].body(Post(title=text, sections=((Line((Run(text),)),),)))
    assert "{{" not in str(texts_of(body))
