"""The pages, from a request to its answer."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from alerts.core.permissions import Role
from alerts.deadlines.errors import InputError
from alerts.rendering.template_filters import clean
from alerts.scheduled_rules import ScheduledRule
from alerts.store.store_error import StoreError
from alerts.web.answer_view import new_form
from alerts.web.intake.import_values import ImportRequest
from alerts.web.intake.upload_form import UploadError, UploadForm, drain, read_upload
from alerts.web.pages.commitment_pages import CommitmentPages
from alerts.web.pages.configuration_pages import ConfigurationPages
from alerts.web.pages.deliveries_page import DeliveriesPages
from alerts.web.pages.due_filters import DueFilters
from alerts.web.pages.due_index import DueIndex, Indexed
from alerts.web.pages.due_page import due_view
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.import_page import BUSY, ImportPages
from alerts.web.pages.new_page import NewPages
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.past_due_view import past_due_page
from alerts.web.pages.plan_page import plan_view
from alerts.web.pages.preview_choice import PreviewChoice
from alerts.web.pages.several_pages import SeveralPages
from alerts.web.pages.shown_page import ShownPage
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.people_page import PeoplePages
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services

# The pages, by the names of their templates, and the roles that they need.
MENU: tuple[tuple[str, str, str, Role], ...] = (
    ("due", "/", "Due", "viewer"),
    ("plan", "/plan", "Plan", "viewer"),
    ("deliveries", "/deliveries", "Deliveries", "viewer"),
    ("rules", "/rules", "Rules", "viewer"),
    ("channels", "/channels", "Channels", "viewer"),
    ("new", "/new", "New", "editor"),
    ("import", "/import", "Import", "editor"),
    ("people", "/people", "People", "admin"),
)
MESSAGE_POLICY = "; ".join(
    ("sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "form-action 'none'", "frame-ancestors 'none'")
)


class SitePages:
    """Answers requests for pages. Threads may share it."""

    def __init__(self, services: Services, index: DueIndex, tokens: FormTokens | None = None) -> None:
        self._services, self._rules = services, ScheduledRule.all(services.settings.rules)
        self._index = index
        self._tokens = tokens = tokens or FormTokens()
        self._commitments, self._deliveries = CommitmentPages(tokens), DeliveriesPages(tokens)
        self._new, self._imports = NewPages(tokens), ImportPages(tokens)
        self._several = SeveralPages(tokens)
        self._configuration = ConfigurationPages(services.settings, tokens)
        self._people = PeoplePages(KnownPeople(services), tokens)

    def due(self, request: Request, visitor: Visitor) -> Response:
        """Return what is due."""
        reading, indexed = self._begin_with_index(visitor)
        if (stated := request.query_params.get("as_of")) is not None:
            shown = past_due_page(reading, self._index, indexed, clean(stated), DueFilters.read(request.query_params))
            return self._answer(reading, shown)
        view = due_view(reading, indexed, DueFilters.read(request.query_params))
        return self._answer(reading, ShownPage(template="due", values={"view": view, "values": indexed.values}))

    def commitment(self, request: Request, visitor: Visitor) -> Response:
        """Return the page of a commitment."""
        key, on, tracked = _key_of(request), request.query_params.get("on"), "tracked" in request.query_params
        as_of = request.query_params.get("as_of")
        if as_of is not None:
            return self._known(visitor, lambda reading: self._commitments.show_past(reading, key, on, clean(as_of)))
        return self._known(visitor, lambda reading: self._commitments.show(reading, key, on, tracked=tracked))

    def press_commitment(self, request: Request, visitor: Visitor, body: bytes) -> Response:
        """Record what the form of a commitment states."""
        key, on = _key_of(request), request.query_params.get("on")
        return self._known(visitor, lambda reading: self._commitments.press(reading, key, on, body))

    def plan(self, _: Request, visitor: Visitor) -> Response:
        """Return what goes out next."""
        return self._known(visitor, lambda reading: ShownPage(template="plan", values={"view": plan_view(reading)}))

    def deliveries(self, request: Request, visitor: Visitor) -> Response:
        """Return what was sent, and what was not."""
        state = request.query_params.get("state", "")
        return self._known(visitor, lambda reading: self._deliveries.show(reading, state))

    def press_deliveries(self, request: Request, visitor: Visitor, body: bytes) -> Response:
        """Retry or dismiss a delivery."""
        state = request.query_params.get("state", "")
        return self._known(visitor, lambda reading: self._deliveries.press(reading, state, body))

    def new(self, request: Request, visitor: Visitor) -> Response:
        """Return the form of a new commitment."""
        deadline = clean(request.query_params.get("deadline", ""))
        return self._known(visitor, lambda reading: self._new.show(reading, deadline))

    def press_new(self, _: Request, visitor: Visitor, body: bytes) -> Response:
        """Show what the form of a new commitment means, or record it and lead to its page."""
        reading, indexed = self._begin_with_index(visitor)
        found = self._new.press(reading, body, (one.commitment for one in indexed.commitments))
        if isinstance(found, ShownPage):
            return self._answer(reading, found)
        return RedirectResponse(f"/c/{quote(found)}?tracked=1", status_code=303)

    def imports(self, _: Request, visitor: Visitor) -> Response:
        """Return the form of an upload."""
        return self._known(visitor, self._imports.show)

    async def press_import(self, request: Request, visitor: Visitor) -> Response:
        """Show what an upload would change, or load it."""
        reading, form, imports = await run_in_threadpool(self._begin, visitor), UploadForm({}), self._imports
        try:
            if imports.is_busy:
                await drain(request)
                raise UploadError(BUSY, 503)
            form = await read_upload(request)
        except UploadError as error:
            wrong = {"file": str(error)}
            shown = await run_in_threadpool(imports.page, reading, form, status=error.status, errors=wrong)
            return await run_in_threadpool(self._answer, reading, shown)
        stated = await run_in_threadpool(imports.stated, reading, form)
        if isinstance(stated, ImportRequest):
            found = await imports.run(stated)
            stated = await run_in_threadpool(imports.answer, reading, form, found)
        return await run_in_threadpool(self._answer, reading, stated)

    def several(self, request: Request, visitor: Visitor) -> Response:
        """Return what an answer means for several commitments."""
        reading, indexed = self._begin_with_index(visitor)
        return self._answer(reading, self._several.show(reading, indexed.commitments, request.query_params))

    def press_several(self, _: Request, visitor: Visitor, body: bytes) -> Response:
        """Record one answer for several commitments."""
        reading, indexed = self._begin_with_index(visitor)
        return self._answer(reading, self._several.press(reading, indexed.commitments, body))

    def rules(self, _: Request, visitor: Visitor) -> Response:
        """Return what the rules do."""
        reading, indexed = self._begin_with_index(visitor)
        return self._answer(reading, self._configuration.rules(reading, indexed.commitments))

    def channels(self, _: Request, visitor: Visitor) -> Response:
        """Return how the channels are."""
        return self._known(visitor, self._configuration.channels)

    def press_channels(self, _: Request, visitor: Visitor, body: bytes) -> Response:
        """Send a test message."""
        return self._known(visitor, lambda reading: self._configuration.press_channels(reading, body))

    def preview(self, request: Request, visitor: Visitor) -> Response:
        """Return a message as it would go out."""
        choice = PreviewChoice.read(request.query_params)
        return self._known(visitor, lambda reading: self._configuration.preview(reading, choice))

    def preview_message(self, request: Request, visitor: Visitor) -> Response:
        """Return the HTML of a mail by itself, as no page of ours: it may do nothing but show itself."""
        reading = self._begin(visitor)
        try:
            html = self._configuration.message(reading, PreviewChoice.read(request.query_params)).html
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            html = None
        if html is None:
            missing = ShownPage(template="page_message", values={"message": "missing"}, status=404)
            return self._answer(reading, missing)
        return Response(html, media_type="text/html", headers={"Content-Security-Policy": MESSAGE_POLICY})

    def people(self, _: Request, visitor: Visitor) -> Response:
        """Return who may do what, and who has signed in."""
        return self._known(visitor, self._people.show)

    def press_people(self, _: Request, visitor: Visitor, body: bytes) -> Response:
        """End a session."""
        return self._known(visitor, lambda reading: self._people.press(reading, body))

    def refuse(self, visitor: Visitor) -> Response:
        """Return the page that says that somebody may not do this."""
        refused = ShownPage(template="page_message", values={"message": "not_allowed"}, status=403)
        return self._known(visitor, lambda _: refused)

    def _begin(self, visitor: Visitor) -> PageReading:
        with self._services.store.database.snapshot():
            return PageReading.begin(self._services, self._rules, visitor)

    def _begin_with_index(self, visitor: Visitor) -> tuple[PageReading, Indexed]:
        with self._services.store.database.snapshot():  # short, as commits wait for it
            reading, seen = PageReading.begin(self._services, self._rules, visitor), self._index.look()
        return reading, self._index.catch_up(seen)

    def _known(self, visitor: Visitor, show: Callable[[PageReading], ShownPage]) -> Response:
        """Return a page, or that there is none."""
        reading = self._begin(visitor)
        try:
            shown = show(reading)
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            shown = ShownPage(template="page_message", values={"message": "missing"}, status=404)
        return self._answer(reading, shown)

    def _answer(self, reading: PageReading, shown: ShownPage) -> Response:
        menu = [one[:3] for one in MENU if reading.visitor.has_role(one[3])]
        now, form = reading.now.replace(second=0, microsecond=0), new_form()
        shared = {
            "here": shown.template, "menu": menu, "zone": reading.zone, "now": now, "people": reading.people,
            "visitor": reading.visitor, "bar": (form, self._tokens.token(form, reading.visitor)),
        }  # fmt: skip
        html = self._services.pages.render(shown.template, **shared, **shown.values)
        return Response(html, status_code=shown.status, media_type="text/html")


def _key_of(request: Request) -> str:
    """Return the key that an address names, without what no key has: PostgreSQL takes no NUL."""
    return clean(request.path_params["key"])
