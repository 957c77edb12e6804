"""Signing in with Debian's Chromium: on any screen, light and dark, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import patience
from tests.factories import at, entry, load
from tests.web.answering import NOW
from tests.web.daemon_site import WHOLE, free_port
from tests.web.oidc_provider import SECRET, ProviderProcess, provider
from tests.web.signing_in import Site, site_of
from tests.web.test_in_chromium import TELEPHONE, WIDE, width_of
from tests.web.test_sign_in_at_provider import settings

pytestmark = pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with site_of(sqlite_url, tmp_path) as found:
        load(found.store, entry("filing", "2026-12-15", title="Filing", owner="ann"), now=at("2026-10-01"))
        yield found


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_somebody_signs_in_answers_and_signs_out(site: Site, chromium: Any, scripts: bool) -> None:
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(f"{site.server.url}/c/filing")
        page.get_by_label("Your e-mail address").fill("ann@example.org")
        page.get_by_label("Your e-mail address").press("Enter")
        page.get_by_text("Check your mailbox").wait_for()
        patience.eventually(lambda: site.links("ann@example.org"), "the mail is there")
        page.goto(site.server.url + site.links("ann@example.org").pop())
        page.get_by_role("heading", name="Sign in as Ann Example").wait_for()
        page.get_by_role("button", name="Sign in").click()
        assert page.url == f"{site.server.url}/c/filing"
        (session,) = [one for one in context.cookies() if one["name"] == "alerts_session"]
        assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_text("Recorded: acknowledged").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You have signed out").wait_for()
        page.goto(f"{site.server.url}/plan")
        assert "/sign-in?next=" in page.url
    assert site.store.ledger.history(site.store.commitments.find("filing").id)[-1].recorded_by == "Ann Example"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    site: Site, chromium: Any, axe: str, scheme: str, viewport: Any
) -> None:
    ann, found = site.signed_in("ann"), {}
    site.store.api_tokens.add("sap", "write", by="x", now=site.now)
    paths = ("/sign-in", site.browser().link("bob@example.org"), f"/sign-in/{'0' * 64}", "/people", "/")
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        for path in paths:
            if path == "/people":
                context.add_cookies([
                    {"name": "alerts_session", "value": ann.token, "domain": "127.0.0.1", "path": "/"}
                ])  # fmt: skip
            page.goto(site.server.url + path)
            assert width_of(page) <= viewport["width"], path
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            assert len(result["passes"]) > 5, f"{path}: axe has looked at nothing"
            found[path] = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
    assert found == {path: [] for path in found}


@pytest.fixture(scope="module")
def process() -> Iterator[ProviderProcess]:
    with provider(f"{NOW:%Y-%m-%d %H:%M:%S}") as found:
        found.person("ann@example.org")
        found.person("kim@example.org", email_verified=False)
        yield found


@pytest.fixture
def at_provider(process: ProviderProcess, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """A server to which people sign in at a provider."""
    port = free_port()
    with site_of(sqlite_url, tmp_path, settings(process.url, port), {"SECRET": SECRET}, port) as found:
        load(found.store, entry("filing", "2026-12-15", title="Filing", owner="ann"), now=at("2026-10-01"))
        yield found


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_somebody_signs_in_at_a_provider(at_provider: Site, chromium: Any, scripts: bool) -> None:
    """Browsers refuse where the policy of a page forbids to be led to another site, and send cookies as they do."""
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(f"{at_provider.server.url}/c/filing")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_placeholder("sub").fill("ann@example.org")
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(f"{at_provider.server.url}/c/filing")
        assert {one["name"] for one in context.cookies()} >= {"alerts_session", "alerts_browser"}
        assert "alerts_attempt" not in {one["name"] for one in context.cookies()}
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_text("Recorded: acknowledged").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text("You have signed out").wait_for()
        page.get_by_role("link", name="Sign in again").click()
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("button", name="Deny").click()
        page.get_by_text("Start again").or_(page.get_by_text("You are not signed in")).wait_for()
    assert at_provider.store.ledger.history(at_provider.store.commitments.find("filing").id)[-1].proof == "signed-in"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_axe_finds_nothing_on_the_pages_around_a_provider(
    at_provider: Site, chromium: Any, axe: str, scheme: str, viewport: Any
) -> None:
    found = {}
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        for whom in ("", "kim@example.org", "nobody@example.org", "wrong"):
            page.goto(f"{at_provider.server.url}/sign-in")
            if whom == "wrong":
                page.goto(f"{at_provider.server.url}/sign-in/callback?code=x&state=y")
            elif whom:
                page.get_by_role("link", name="Sign in").click()
                page.get_by_placeholder("sub").fill(whom)
                page.get_by_role("button", name="Authorize").click()
                page.wait_for_url("**/sign-in/callback?**")
            assert width_of(page) <= viewport["width"], whom
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            assert len(result["passes"]) > 5, f"{whom}: axe has looked at nothing"
            found[whom] = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
    assert found == {whom: [] for whom in found}
