"""The page of an answer that was not recorded: what the reader is to mend, or what has changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from alerts.actions.preconditions import NotAsShownError
from alerts.core.permissions import NotAllowedError
from alerts.deadlines.errors import InputError
from alerts.store.store_error import StoreError
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.link_visits import LinkVisits, Page
from alerts.web.opened_link import OpenedLink

NOT_RECORDED = (FormError, InputError, NotAllowedError, NotAsShownError)


class PageOfLink(Protocol):
    """Renders the page of a link, with why nothing was recorded; `form` is what the reader typed."""

    def __call__(
        self,
        opened: OpenedLink,
        *,
        status: int,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        form: AnswerForm | None = None,
    ) -> Page: ...


def failure_page(error: Exception, opened: OpenedLink, form: AnswerForm, visits: LinkVisits, page: PageOfLink) -> Page:
    """Return the page that says why nothing was recorded. Raises the error where it is of the database."""
    if isinstance(error, StoreError):
        raise error
    if isinstance(error, FormError):
        return page(opened, status=422, errors={error.field: str(error)}, form=form)
    now = visits.fresh(opened)
    if isinstance(error, NotAsShownError):
        return page(now, status=409, notice="changed")
    if isinstance(error, NotAllowedError):
        return page(now, status=403, notice="not_allowed")
    return page(now, status=422, errors={"": str(error)}, form=form)
