"""The guards of: links in messages, the keys that sign them, and what keeps both out of sight."""

from tests.mutants.guards.guard import Guard

GUARDS = (
    Guard(
        "a message whose key is gone is rendered anew",
        "message_preparation.py",
        " and not lacks_key(delivery.message, delivery.id, self.keys)",
        "",
        "test_links_in_deliveries.py::test_what_was_rendered_with_a_key_that_is_gone_is_rendered_anew[sqlite]",
    ),
    Guard(
        "an error is stored without the tokens that a server repeats",
        "delivery.py",
        "without_tokens(text, message) if message else text",
        "text",
        "test_links_in_deliveries.py::test_what_a_server_repeats_is_stored_without_tokens[sqlite-whole]",
    ),
    Guard(
        "an answer is stored without the tokens that a server repeats",
        "delivery.py",
        "remote=without_tokens(remote, item.message)",
        "remote=remote",
        "test_links_in_deliveries.py::test_what_a_server_repeats_is_stored_without_tokens[sqlite-answer]",
    ),
    Guard(
        "a part of a token is hidden too",
        "signed_messages.py",
        "any(run in token or token in run for token in tokens)",
        "any(token in run for token in tokens)",
        "test_links_in_deliveries.py::test_what_a_server_repeats_is_stored_without_tokens[sqlite-cut]",
    ),
    Guard(
        "a message goes out even if the key of its links is gone",
        "signed_messages.py",
        "        with suppress(LookupError):",
        "        with suppress():",
        "test_links_in_deliveries.py::test_a_message_whose_key_is_gone_is_still_handed_over",
    ),
    Guard(
        "a message shows no link when it is shown",
        "core/messages.py",
        "    text: str = field(repr=False)\n",
        "    text: str\n",
        "rendering/test_answer_links_shown.py::test_a_message_hides_its_texts_when_it_is_shown",
    ),
    Guard(
        "a link to this machine goes to nobody elsewhere",
        "link_signing.py",
        " and (channel.local or not self.is_local)",
        "",
        "test_links_in_deliveries.py::test_links_to_this_machine_go_to_a_maildir_only[email]",
    ),
    Guard(
        "no alert waits for a key file",
        "link_signing.py",
        "        except (InputError, OSError) as error:",
        "        except ZeroDivisionError as error:",
        "test_links_in_deliveries.py::test_without_keys_it_goes_out_with_commands[sqlite]",
    ),
    Guard(
        "a key file that others may read is refused",
        "answer_keys.py",
        "    if mode & 0o077:",
        "    if not mode:",
        "test_answer_keys.py::test_it_is_refused_where_others_may_read_or_write_it[420]",
    ),
    Guard(
        "a key file that is there is never replaced by a new one",
        "answer_keys.py",
        "            os.link(draft, path)",
        "            os.rename(draft, path)",
        "test_answer_keys.py::test_what_is_there_is_not_made_again",
    ),
    Guard(
        "a rotation keeps the keys of before",
        "answer_keys.py",
        "    keys = (_new_key(now), *old)",
        "    keys = (_new_key(now),)",
        "test_answer_keys.py::test_a_new_key_signs_and_the_old_ones_verify",
    ),
    Guard(
        "a revocation reaches what was rendered until then",
        "store/link_revocations.py",
        "rendered_at <= revoked_at",
        "rendered_at < revoked_at",
        "store/test_link_revocations.py::test_it_concerns_what_was_rendered_until_then_and_nobody_else[sqlite]",
    ),
    Guard(
        "what waits at a revocation is rendered anew",
        "store/link_revocations.py",
        "            connection.execute(update(delivery_tables.deliveries).where(*unsent).values(bare))\n",
        "",
        "store/test_link_revocations.py::test_what_waits_for_that_recipient_is_rendered_anew[sqlite]",
    ),
    Guard(
        "the log hides tokens",
        "settings/redaction.py",
        "        text = _TOKENS.sub(HIDDEN, text)\n",
        "",
        "test_redaction.py::test_a_token_in_an_address_is_taken_out",
    ),
)
