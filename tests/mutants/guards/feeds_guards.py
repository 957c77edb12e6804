"""The guards of: who may read a calendar feed, and when it ends."""

from tests.mutants.guards.guard import Guard

API = "web/test_api_authorisation.py::test_who_may_does_and_who_may_not_changes_nothing"
GUARDS = (
    Guard(
        "a token that may only read records nothing",
        "web/api/token_check.py",
        '        if route.scope == "write" and found.scope != "write":',
        '        if found.scope == "":',
        f"{API}[sqlite-POST-/silences-read]",
    ),
    Guard(
        "a token for what one person owns does nothing that is about more",
        "web/api/token_check.py",
        "        if found.owner is not None and not route.for_owner:",
        "        if False:",
        f"{API}[sqlite-POST-/silences-bobs]",
    ),
    Guard(
        "wrong tokens are limited",
        "web/api/token_check.py",
        "            if self._wrong.is_exceeded(address, now):",
        "            if address == now:",
        "web/test_api_authorisation.py::test_wrong_tokens_from_an_address_are_limited_and_good_ones_go_on[sqlite]",
    ),
    Guard(
        "a key stands for one request",
        "store/recorded_requests.py",
        "    if found and found.content != request.content:",
        "    if found is None and request.content is None:",
        "web/test_api.py::test_a_request_with_the_same_key_is_recorded_once_and_answered_alike[sqlite]",
    ),
    Guard(
        "a token of a program that has expired or was revoked opens nothing",
        "store/api_tokens.py",
        'return found if found and found.state(now) == "in use" else None',
        "return found",
        "store/test_api_tokens.py::test_a_token_works_for_a_year_unless_it_is_revoked[sqlite]",
    ),
    Guard(
        "of a feed's token only the hash is stored",
        "store/feeds.py",
        "return hashlib.sha256(token.encode()).hexdigest()",
        "return token",
        "store/test_feeds.py::test_a_token_has_256_random_bits_of_which_only_the_hash_is_stored[sqlite]",
    ),
    Guard(
        "a feed's token has 256 bits",
        "store/feeds.py",
        "TOKEN_BYTES = 32",
        "TOKEN_BYTES = 16",
        "store/test_feeds.py::test_a_token_has_256_random_bits_of_which_only_the_hash_is_stored[sqlite]",
    ),
    Guard(
        "a feed is found by its whole token",
        "store/feeds.py",
        "_query(now).where(_F.token_hash == hash_token(token))",
        "_query(now).where(_F.token_hash != token)",
        "store/test_feeds.py::test_a_feed_is_found_by_its_token_only[sqlite]",
    ),
    Guard(
        "a feed ends with its person",
        "store/feeds.py",
        'is_orphaned=row["known"] is None',
        "is_orphaned=False",
        "web/test_calendar.py::test_a_feed_ends_with_its_person_and_does_not_come_back_with_them",
    ),
    Guard(
        "a person whom the settings left out an hour ago has no feed",
        "store/feeds.py",
        "is_known = or_(_P.removed_at.is_(None), _P.removed_at > now - GRACE)",
        "is_known = _P.key.is_not(None)",
        "store/test_feeds.py::test_a_feed_ends_with_its_person_an_hour_after_the_settings_have_left_them_out[sqlite]",
    ),
    Guard(
        "a revoked feed shows no deadlines",
        "web/calendar_feeds.py",
        "        return feed.revoked_at\n",
        "        return None\n",
        "web/test_calendar.py::test_a_revoked_feed_says_so_for_thirty_days_and_is_gone_then",
    ),
    Guard(
        "a revoked feed is gone after thirty days",
        "web/calendar_feeds.py",
        "if ended and now - ended > FAREWELL:",
        "if False:",
        "web/test_calendar.py::test_a_revoked_feed_says_so_for_thirty_days_and_is_gone_then",
    ),
    Guard(
        "wrong tokens are counted",
        "web/rate_limit.py",
        "exceeded = len(times) >= MOST",
        "exceeded = False",
        "web/test_calendar.py::test_an_address_with_too_many_wrong_tokens_has_to_wait",
    ),
    Guard(
        "a feed shows its owner's deadlines only",
        "store/feed_contents.py",
        "    if shown.owners:",
        "    if False:",
        "web/test_calendar.py::test_a_feed_is_a_calendar_of_what_it_asks_for",
    ),
    Guard(
        "a loaded series leaves out what the feed states by itself, or it would be told twice",
        "interchange/ics/event_entry.py",
        "deadline = _without(str(exported), left_out)",
        "deadline = str(exported)",
        "interchange/test_feed.py::test_two_occurrences_on_a_day_are_two",
    ),
)
