"""The guards of: who signs in, and what they may do."""

from tests.mutants.guards.guard import Guard

_STORE, _PAGES, _PROXY = "store/test_sessions.py::", "web/test_sign_in.py::", "web/test_sign_in_by_proxy.py::"
_FORMS = "web/test_people_page.py::test_a_form_of_somebody_else_ends_nothing"

GUARDS = (
    Guard(
        "a sign-in link works once",
        "store/sessions.py",
        "where(_works(token, now))).rowcount != 1:",
        "where(_works(token, now))).rowcount > 1:",
        f"{_STORE}test_a_link_opens_one_session_also_where_many_use_it_at_once[sqlite]",
    ),
    Guard(
        "a sign-in link works for ten minutes",
        "store/sessions.py",
        "and_(_L.token_hash == hash_token(token), _L.expires_at > now)",
        "and_(_L.token_hash == hash_token(token))",
        f"{_STORE}test_a_link_works_for_ten_minutes[sqlite]",
    ),
    Guard(
        "a sign-in session that was ended is over",
        "store/sessions.py",
        "return self.ended_at is None and now < self.expires_at",
        "return now < self.expires_at",
        f"{_STORE}test_a_session_lasts_twelve_hours_unless_somebody_ends_it[sqlite]",
    ),
    Guard(
        "another address of a person ends their sign-in sessions",
        "store/changed_addresses.py",
        "            _end_sessions(connection, old, now)\n",
        "",
        f"{_STORE}test_another_address_ends_the_sessions_and_links_of_the_person_and_of_nobody_else[sqlite]",
    ),
    Guard(
        "the settings end sign-in sessions too",
        "web/pages/sign_in/session_access.py",
        "if person is None or person.email.lower() != session.address:",
        "if person is None:",
        f"{_PAGES}test_a_session_ends_with_what_it_was_opened_by",
    ),
    Guard(
        "sign-in: an address that several people have proves nobody",
        "web/pages/sign_in/known_people.py",
        "if len(found) == 1 and not found[0].has_left(now)",
        "if found and not found[0].has_left(now)",
        f"{_PAGES}test_a_person_of_a_file_is_a_viewer_and_takes_nobody_s_place",
    ),
    Guard(
        "sign-in: a person of a file takes nobody's place",
        "web/pages/sign_in/known_people.py",
        "return {key: one for key, one in found.items() if key not in self._settled}",
        "return found",
        f"{_PAGES}test_a_person_of_a_file_is_a_viewer_and_takes_nobody_s_place",
    ),
    Guard(
        "sign-in: the header of a proxy needs its secret",
        "web/pages/sign_in/proxy_access.py",
        " or not hmac.compare_digest(secret, self._secret):",
        ":",
        f"{_PROXY}test_what_the_proxy_would_not_send_is_refused",
    ),
    Guard(
        "sign-in: the header of a proxy counts from a trusted address",
        "web/pages/sign_in/proxy_access.py",
        'not is_trusted(scope["peer"], self._http.trusted_proxies) or ',
        "",
        f"{_PROXY}test_the_header_counts_from_a_trusted_address_alone",
    ),
    Guard(
        "sign-in: a form asks for the role of its visitor",
        "web/pages/page_routes.py",
        "return answer(visitor) if visitor.has_role(role) else self.pages.refuse(visitor)",
        "return answer(visitor)",
        _FORMS,
    ),
    Guard(
        "sign-in: a form is good for one visitor",
        "web/pages/form_tokens.py",
        'f"{form}\\0{session}".encode()',
        "form.encode()",
        _FORMS,
    ),
)
