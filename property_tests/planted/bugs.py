# SPDX-License-Identifier: MIT
"""The planted bugs: what is wrong, which tests must catch it, and the edits of the real text that make it so.

plant.py puts all of them into one copy of the sources, each behind a switch: PLANTED in an edit stands for "this bug is
on". A program of that copy chooses one at run time, by SHMFIFO_PLANTED=NAME or --bug NAME. Each old text must occur
exactly once, whatever white space stands between its words."""
import re
from typing import NamedTuple


class Edit(NamedTuple):
    file: str
    old: str
    new: str
    is_statement: bool = False  # several bugs may replace the same statements


class Bug(NamedTuple):
    name: str
    sentence: str
    caught_by: dict  # kind of program (property, crash, fault, model) -> the test that must fail, by its plain name
    edits: list


def plain(test):
    """The name of a test without the guarantees in it, which are given where the test is."""
    return re.sub(r"\b(G\d+[._])+", "", test)


def text(file, old, new):
    """Any text; `new` holds the switch."""
    return Edit(file, old, new)


def value(file, old, new):
    """An expression has another value."""
    return Edit(file, old, f"(PLANTED ? ({new}) : ({old}))")


def statement(file, old, new):
    """Other statements are run."""
    return Edit(file, old, new, True)


def drop(file, old):
    """Statements are left out."""
    return statement(file, old, "")


INCLUDE, PROTOCOL = "core/include/shmfifo/", "core/include/shmfifo/protocol/"
GEOMETRY, LAYOUT, VALIDATE = INCLUDE + "geometry.hpp", PROTOCOL + "layout.hpp", PROTOCOL + "validate.hpp"
PUBLISH, POLL = PROTOCOL + "publish.hpp", PROTOCOL + "poll.hpp"
PARTICIPANTS, CLAIM, MARK = PROTOCOL + "participants.hpp", PROTOCOL + "claim.hpp", PROTOCOL + "mark.hpp"
ROLES, MAPPING, SEGMENT = "core/src/roles.cpp", "core/src/mapping.cpp", "core/src/segment.cpp"
KERNEL, MEMORY = "core/src/kernel.cpp", "core/src/memory.cpp"
SYMMETRY = "harness/src/model/symmetry.cpp"

BUGS = [
    # What any run shows that looks for it.
    Bug("wrap_mask_halved", "a ring uses only half of its slots",
        {"property": "layout.every_geometry_survives_attaching"}, [
            text(LAYOUT, "index_mask_(shape.mode == segment_mode::ring ? shape.slot_count - 1 :",
                 "index_mask_(shape.mode == segment_mode::ring ? (shape.slot_count - 1) >> (PLANTED ? 1 : 0) :")]),
    Bug("slots_overlap", "the stride forgets the slot's header",
        {"property": "layout.every_geometry_survives_attaching"}, [
            text(GEOMETRY, "round_up(content_offset + content_size, cache_line)",
                 "round_up((PLANTED ? 0 : content_offset) + content_size, cache_line)")]),
    Bug("owner_of_seven_bits", "the stamp loses a bit of its owner",
        {"property": "layout.stamps_and_words_keep_their_parts"}, [
            text(LAYOUT, "stamp >> stamp_owner_shift & 0xff",
                 "stamp >> stamp_owner_shift & (PLANTED ? 0x7fU : 0xffU)")]),
    Bug("status_unsigned", "a status loses its highest bit",
        {"property": "mark.changes_only_the_status_of_its_message"}, [
            text(LAYOUT, "static_cast<std::uint8_t>(word));",
                 "static_cast<std::uint8_t>(word & (PLANTED ? 0x7fU : 0xffU)));")]),
    Bug("checksum_ignored", "the header's checksum is not compared",
        {"property": "header.every_flipped_bit_is_refused_by_name"}, [
            drop(VALIDATE,
                 'if (auto broken = same("checksum", header.checksum, header_checksum(header))) return broken;')]),
    Bug("file_size_ignored", "the file may have any size",
        {"property": "header.every_other_file_size_is_refused"}, [
            statement(VALIDATE, 'return same("file_size", file_size, header.segment_size);', "return std::nullopt;")]),
    Bug("version_ignored", "another layout version is accepted",
        {"property": "header.other_versions_are_refused_with_both_values"}, [
            value(VALIDATE, 'same("layout_version", header.layout_version, layout_version)',
                 "std::optional<broken_rule>()")]),
    Bug("one_value_told", "a refusal does not say what was expected",
        {"property": "header.other_versions_are_refused_with_both_values"}, [
            value(MAPPING, '", expected " + std::to_string(broken.expected)', 'std::string()')]),
    Bug("any_ring_size", "a ring may have any number of slots",
        {"property": "geometry.impossible_ones_are_refused_by_name_and_leave_nothing"}, [
            value(GEOMETRY, "!std::has_single_bit(shape.slot_count)", "false")]),
    Bug("length_one_too_long", "a length may be one above the content",
        {"property": "length.outside_the_content_is_refused_and_changes_nothing"}, [
            text(PUBLISH, "return length <= view_.shape().content_size;",
                 "return length <= view_.shape().content_size + (PLANTED ? 1 : 0);")]),
    Bug("length_believed", "a reader does not check the length",
        {"property": "length.in_the_segment_is_never_believed"}, [
            text(POLL, "static_cast<std::uint64_t>(record.value_length) <= view_.shape().content_size &&",
                 "(PLANTED || static_cast<std::uint64_t>(record.value_length) <= view_.shape().content_size) &&")]),
    Bug("copy_in_short", "the last byte is not copied in",
        {"property": "content.comes_back_whole_at_every_alignment"}, [
            text(PUBLISH, "content.data(), content.size(), release,",
                 "content.data(), content.size() - (PLANTED && !content.empty() ? 1 : 0), release,")]),
    Bug("copy_out_short", "the last byte is not copied out",
        {"property": "content.comes_back_whole_at_every_alignment"}, [
            text(POLL, "static_cast<std::size_t>(record.value_length), acquire",
                 "static_cast<std::size_t>(record.value_length) - (PLANTED && record.value_length > 0 ? 1 : 0), "
                 "acquire")]),
    Bug("read_one_too_many", "read copies a byte more than fits",
        {"property": "content.read_fills_its_buffer_and_no_more"}, [
            text(POLL, "std::copy_n(seen.content, size, buffer.data());",
                 "std::copy_n(seen.content, size + (PLANTED ? 1 : 0), buffer.data());")]),
    Bug("wrong_number", "the record says the next message's number",
        {"property": "order.is_agreed_by_all_and_kept_for_each_producer"}, [
            text(PUBLISH, "memory_.store(slot.message_number, static_cast<std::int64_t>(number),",
                 "memory_.store(slot.message_number, static_cast<std::int64_t>(number + (PLANTED ? 1 : 0)),")]),
    Bug("last_number_late", "last_number is one behind",
        {"property": "numbers.are_dense_from_zero_over_wraps_and_restarts"}, [
            statement(PUBLISH, "last_number_ = static_cast<std::int64_t>(number);",
                      "last_number_ = static_cast<std::int64_t>(number) - 1;")]),
    Bug("number_skipped", "the shared cursor jumps over a number",
        {"property": "numbers.are_dense_with_many_producers"}, [
            text(CLAIM, "view.control().producer_cursor, number, number + 1,",
                 "view.control().producer_cursor, number, number + (PLANTED ? 2 : 1),")]),
    Bug("status_kept", "a message starts with its predecessor's status",
        {"property": "mark.never_lands_on_a_later_lap"}, [
            text(PUBLISH, "make_status_word(number, 0)",
                 "make_status_word(number, PLANTED ? status_of_word(slot.status_word) : std::int8_t{0})")]),
    Bug("abort_forgotten", "abort does not stamp the number",
        {"property": "claim.aborted_leaves_exactly_one_aborted_number"}, [
            drop(PUBLISH, "finish(single_, view_.slot(claimed_), claimed_, slot_state::aborted);")]),
    Bug("abort_published", "an aborted claim is published",
        {"property": "claim.aborted_leaves_exactly_one_aborted_number"}, [
            statement(PUBLISH, "finish(single_, view_.slot(claimed_), claimed_, slot_state::aborted);",
                      "finish(single_, view_.slot(claimed_), claimed_, slot_state::published);")]),
    Bug("claim_not_guarded", "a publish may begin inside a claim",
        {"property": "claim.aborted_leaves_exactly_one_aborted_number"}, [
            text(PUBLISH, "if (this->open_ != nullptr) [[unlikely]]\n      return status::claim_pending;",
                 "if (this->open_ != nullptr && !PLANTED) [[unlikely]]\n      return status::claim_pending;")]),
    Bug("commit_cuts", "a commit forgets the last byte's length",
        {"property": "content.of_a_claim_equals_content_of_a_publish"}, [
            statement(PUBLISH, "store_fields(slot, claimed_, length);",
                      "store_fields(slot, claimed_, length - (length > 0 ? 1 : 0));")]),
    Bug("batch_overcounts", "a batch counts the message that was refused",
        {"property": "batch.equals_singles"}, [
            text(PUBLISH, "if (result.answer != status::ok) break;",
                 "if (result.answer != status::ok) { result.published += PLANTED ? 1 : 0; break; }")]),
    Bug("batch_unchecked", "a batch starts although one length is bad",
        {"property": "length.outside_the_content_is_refused_and_changes_nothing"}, [
            drop(PUBLISH, "if (!fits(message.size())) return {status::bad_length, 0};")]),
    Bug("gate_one_too_wide", "a lossless ring takes one message too many",
        {"property": "gate.room_is_what_the_slowest_consumer_left"}, [
            text(PUBLISH, "limit_ = std::min(floor, number_max - view_.shape().slot_count) +",
                 "limit_ = std::min(floor, number_max - view_.shape().slot_count) + (PLANTED ? 1 : 0) +")]),
    Bug("gate_one_too_narrow", "a lossless ring keeps one slot empty",
        {"property": "full.rejected_publish_changes_nothing"}, [
            text(PUBLISH, "return number < limit_ ? status::ok : status::full;",
                 "return number + (PLANTED && gated_ ? 1 : 0) < limit_ ? status::ok : status::full;")]),
    Bug("gate_forgets_durable", "named cursors hold nobody back",
        {"property": "durable.forgotten_cursor_gives_its_room_back"}, [
            text(PARTICIPANTS, "role_kind(role) != participant_kind::durable) {",
                 "(PLANTED || role_kind(role) != participant_kind::durable)) {")]),
    Bug("floor_not_raised", "a consumer that leaves does not raise the floor to what it read",
        {"property": "start.begins_where_it_was_asked_to"}, [
            drop(PARTICIPANTS,
                 "if (reader && view.shape().gated()) static_cast<void>(raise_gate_floor(view, memory));")]),
    Bug("floor_not_respected", "a reader may start where slots were reused",
        {"property": "start.begins_where_it_was_asked_to"}, [
            value(PARTICIPANTS, "floor <= position", "true")]),
    Bug("release_forgotten", "reading does not move the shared cursor",
        {"property": "durable.resumes_exactly_where_it_stopped"}, [
            text(POLL, "view_.participant(*self_).consumer_cursor, position_, release,",
                 "view_.participant(*self_).consumer_cursor, PLANTED ? 0 : position_, release,")]),
    Bug("answer_released_at_once", "what was passed over is released before its answer is known",
        {"property": "stateful.core_agrees_with_reference"}, [
            statement(POLL, "return answer(kind, first);", "release_slots(); return answer(kind, first);")]),
    Bug("copy_released_at_once", "a message read is released before its copy is known",
        {"property": "stateful.core_agrees_with_reference"}, [
            statement(POLL, "result.status = seen.status; ++position_;",
                      "result.status = seen.status; ++position_; release_slots();")]),
    Bug("resume_off_by_one", "a named cursor resumes one too far",
        {"property": "durable.resumes_exactly_where_it_stopped"}, [
            text(ROLES, "std::memory_order_relaxed, site::attach_resume);",
                 "std::memory_order_relaxed, site::attach_resume) + (PLANTED ? 1 : 0);")]),
    Bug("latest_one_late", "latest means one number further",
        {"property": "start.begins_where_it_was_asked_to"}, [
            statement(ROLES, "if (start.where == start_at::place::latest) return cursor;",
                      "if (start.where == start_at::place::latest) return cursor + 1;")]),
    Bug("lost_off_by_one", "one more is reported lost than was",
        {"property": "full.overwriting_tells_exactly_what_was_lost"}, [
            text(POLL, "std::max(oldest, newer - lap + 1);",
                 "std::max(oldest, newer - lap + (PLANTED ? 2 : 1));")]),
    Bug("lost_untold", "what was overwritten is passed over one number at a time",
        {"property": "full.overwriting_tells_exactly_what_was_lost"}, [
            value(POLL, "oldest_left(stamp_number(stamp))", "oldest_left(stamp_number(stamp)) + 1")]),
    Bug("exhausted_unsaid", "after the last number producers answer full",
        {"property": "numbers.stay_right_near_every_limit"}, [
            value(PUBLISH, "number >= number_max", "false")]),
    Bug("hopeless_inverted", "timed_out and peer_dead are confused",
        {"property": "full.waiting_ends_with_the_deadline_and_loses_nothing"}, [
            value(PUBLISH, "!memory_.alive(lowest.holder)", "memory_.alive(lowest.holder)")]),
    Bug("live_owner_overwritten", "a claim that is held open is written over",
        {"property": "full.a_slow_claim_is_passed_over_and_told_lost"}, [
            text(CLAIM, "!stamp_done(stamp) && memory.alive(stamp_owner(stamp))",
                 "!stamp_done(stamp) && !PLANTED && memory.alive(stamp_owner(stamp))")]),
    Bug("lost_commit_told_ok", "the commit of a lost claim answers ok",
        {"property": "full.a_slow_claim_is_passed_over_and_told_lost"}, [
            value(PUBLISH, "status::lost", "status::ok")]),
    Bug("held_for_ever", "a slot that was passed over is never free again",
        {"property": "stateful.core_agrees_with_reference"}, [
            drop(PUBLISH, "protocol::finish_held(memory_, slot.stamp, expected, self_);")]),
    Bug("busy_told_broken", "an open claim one lap back is called a broken segment",
        {"property": "stateful.kept_counterexamples_agree"}, [
            text(CLAIM, "is_unfinished_lap(view.shape(), stamp, number) ?",
                 "!PLANTED && is_unfinished_lap(view.shape(), stamp, number) ?")]),
    Bug("claim_not_atomic", "two producers may take one number",
        {"property": "parallel.histories_are_linearizable"}, [
            text(CLAIM,
                 "if (!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),",
                 "if (PLANTED ? (::shmfifo::planted::linger(), memory.store(slot.stamp, make_stamp(number, "
                 "slot_state::claimed, self), release, claim_exchange), false) : "
                 "!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),")]),
    Bug("mark_ignores_number", "a mark lands on any message that is in the slot",
        {"property": "mark.never_lands_on_a_later_lap"}, [
            drop(MARK, "if (stamp_number(stamp) > target) return status::lost;"),
            drop(MARK, "if (word >> 8 > target) return status::lost;"),
            drop(MARK, "if (word >> 8 < target) return status::invalid;")]),
    Bug("mark_renumbers", "a mark changes the number beside the status",
        {"property": "mark.changes_only_the_status_of_its_message"}, [
            text(MARK, "word, make_status_word(target, value)",
                 "word, make_status_word(target + (PLANTED ? 1 : 0), value)")]),
    Bug("read_only_marks", "a read-only handle tries to write",
        {"property": "observer.changes_no_byte_and_holds_nobody_back"}, [
            drop(SEGMENT, "if (!writable()) return status::read_only;")]),
    Bug("recovery_ignores_the_living", "a pause is taken for a death: recovery frees the lines of the living",
        {"property": "recovery.twice_equals_once", "crash": "stress.crash.catches_recovery_ignores_the_living"}, [
            drop(PARTICIPANTS, "if (!owned && memory.alive(index)) return false;")]),
    Bug("dead_claim_kept", "recovery leaves the claims of the dead",
        {"property": "recovery.twice_equals_once"}, [
            value(PARTICIPANTS, "state == slot_state::claimed || state == slot_state::held", "false")]),
    Bug("dead_thought_alive", "a reader never asks whether a claim's owner lives",
        {"property": "death.of_a_producer_takes_only_its_open_claim"}, [
            statement(POLL, "if (memory_.alive(stamp_owner(stamp))) return;", "return;")]),
    Bug("line_stolen", "a line in use is given away",
        {"property": "exhaustion.no_free_line_is_an_error_and_leaves_nothing"}, [
            statement(PARTICIPANTS, "if (!memory.try_own(i)) continue;", "static_cast<void>(memory.try_own(i));")]),
    Bug("two_single_producers", "the role of single producer is given twice",
        {"property": "stateful.core_agrees_with_reference"}, [
            value(ROLES, "!memory.try_own(lock_producer_role)", "false")]),
    Bug("control_characters", "a name may hold control characters",
        {"property": "names.are_accepted_or_refused_whole"}, [
            value(MAPPING, "static_cast<unsigned char>(c) < 32 || c == 127", "false")]),
    Bug("cursor_runs_away", "a broken slot lets a reader run to the end of numbers",
        {"property": "hostile.any_words_give_an_answer_inside_bounds"}, [
            value(POLL, "newer <= cursor", "true")]),
    Bug("limit_ignored", "poll hands out all there is",
        {"property": "gate.room_is_what_the_slowest_consumer_left"}, [
            text(POLL, "while (static_cast<std::int64_t>(position_ - first) < limit &&",
                 "while ((PLANTED || static_cast<std::int64_t>(position_ - first) < limit) &&")]),
    Bug("false_ignored", "a handler cannot stop a poll",
        {"property": "stateful.core_agrees_with_reference"}, [
            drop(POLL, "if (!more) break;")]),
    # What only a death or a pause at one instruction shows. The comment says in which window.
    Bug("stamp_before_fields", "the stamp says published while length and number are those of an older lap",
        {"crash": "stress.crash.catches_stamp_before_fields"}, [
            statement(PUBLISH, """
      store_fields(slot, number, content.size());
      if (finish(single, slot, number, slot_state::published)) [[likely]]
        return status::ok;""", """
      if (finish(single, slot, number, slot_state::published)) {
        store_fields(slot, number, content.size());
        return status::ok;
      }""")]),
    # Two instructions.
    Bug("cursor_before_stamp", "the cursor says that a number was taken, its stamp does not yet",
        {"crash": "stress.crash.catches_cursor_before_stamp"}, [
            statement(PUBLISH, """
      memory_.store(slot.stamp, final_stamp, release,
                    state == slot_state::published ? publish_stamp : abort_stamp);""", """
      if (single) memory_.store(view_.control().producer_cursor, number + 1,
                                release, publish_cursor);
      memory_.store(slot.stamp, final_stamp, release, publish_stamp);""")]),
    # From the reuse of the dead producer's line on.
    Bug("claim_without_intent", "a producer's line does not mention its claim, so nobody aborts it after a death",
        {"crash": "stress.crash.catches_claim_without_intent"}, [
            drop(CLAIM, """
  memory.store(view.participant(self).intent, number, relaxed,
               claim_intent);""")]),
    # For some instructions nobody owns the number.
    Bug("ticket_before_claim", "the number is taken from the cursor first, as a ticket",
        {"crash": "stress.crash.catches_ticket_before_claim"}, [
            statement(CLAIM, """
  memory.store(view.participant(self).intent, number, relaxed,
               claim_intent);""", """
  memory.store(view.participant(self).intent, number, relaxed,
               claim_intent);
  help_cursor(view, memory, number);""")]),
    Bug("recovery_by_clock", "a pause longer than 30 ms is taken for a death",
        {"crash": "stress.crash.catches_recovery_by_clock"}, [
            statement(POLL, "if (memory_.alive(stamp_owner(stamp))) return;", """
      static std::uint64_t waited_for = 0;
      static deadline limit{};
      if (waited_for != stamp) {
        waited_for = stamp;
        limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
      }
      if (!memory_.expired(limit)) return;""")]),
    Bug("line_before_floor", "the last reader's line is free before the floor says what the reader had read",
        {"crash": "stress.crash.catches_line_before_floor"}, [
            statement(PARTICIPANTS, """
  if (reader && view.shape().gated()) static_cast<void>(raise_gate_floor(view, memory));""", """
  if (reader && view.shape().gated()) {
    const std::uint64_t read =
        memory.load(view.participant(index).consumer_cursor, acquire,
                    gate_consumer_cursor);
    const bool gone = memory.compare_exchange(
        view.participant(index).role, role, make_role(role_generation(role), participant_kind::none),
        acq_rel, relaxed, recover_free);
    if (gone && find_lowest_cursor(view, memory).number == no_cursor) {
      memory.store(view.control().gate_floor, read, seq_cst,
                   gate_floor_raise);
    }
    return gone;
  }""")]),
    # Only a recoverer that dies itself shows it.
    Bug("line_before_claim", "recovery frees a line before it aborts the claim of that line",
        {"crash": "stress.crash.catches_line_before_claim"}, [
            statement(PARTICIPANTS, "if (abort_dead_claim(view, memory, number, stamp)) break;", """
      const bool gone = free_line(view, memory, index, role);
      abort_dead_claim(view, memory, number, stamp);
      return gone;""")]),
    # Only recovering twice, or a list of who is attached, shows these.
    Bug("recovery_of_one", "recovery ends after the first line that it frees",
        {"crash": "stress.crash.catches_recovery_of_one"}, [
            statement(PARTICIPANTS, "if (recover_line(view, memory, i, false)) ++freed;",
                      "if (recover_line(view, memory, i, false)) return 1;")]),
    Bug("restless_recovery", "recovery changes lines of the living each time, and does not say so",
        {"crash": "stress.crash.catches_restless_recovery"}, [
            statement(PARTICIPANTS, "if (!owned && memory.alive(index)) return false;", """
  if (!owned && memory.alive(index)) {
    if (kind != participant_kind::producer) {
      memory.store(line.intent, memory.load(line.intent, relaxed, recover_intent) + 1, relaxed, claim_intent);
    }
    return false;
  }""")]),
    Bug("recovery_without_consumers", "recovery leaves the lines of dead consumers",
        {"crash": "stress.crash.catches_recovery_without_consumers"}, [
            value(PARTICIPANTS, "kind == participant_kind::none || kind == participant_kind::durable",
                  "kind != participant_kind::producer")]),
    Bug("cursor_not_forgotten", "forgetting a cursor leaves its line",
        {"crash": "stress.crash.catches_cursor_not_forgotten"}, [
            drop(SEGMENT, "protocol::free_line(view(), memory, *line, role);")]),
    Bug("named_before_complete", "the segment gets its name before its header is written",
        {"crash": "stress.crash.catches_named_before_complete"}, [
            statement(MAPPING, """
  std::memcpy(*base, &header, sizeof header);
  if (auto named = kernel::give_name(*file, where); !named) return named.error();""", """
  if (auto named = kernel::give_name(*file, where); !named) return named.error();
  std::memcpy(*base, &header, sizeof header);""")]),
    # Between the last store and the bell: a few instructions, and none of them changes the segment.
    Bug("sleep_without_slices", "sleeps end only by the bell: a death before it leaves others asleep",
        {"crash": "stress.crash.catches_sleep_without_slices"}, [
            statement(KERNEL, "::syscall(SYS_futex, &bell, FUTEX_WAIT, value, &time);",
                      "::syscall(SYS_futex, &bell, FUTEX_WAIT, value, nullptr);")]),

    # What only a failing call shows.
    Bug("descriptor_leak", "an error leaves a descriptor open",
        {"fault": "stress.fault.catches_descriptor_leak"}, [
            statement(KERNEL, """
  if (::fchmod(file.get(), permissions) != 0) return failed_now("fchmod", "the new segment");""", """
  if (::fchmod(file.get(), permissions) != 0) {
    error failure = failed_now("fchmod", "the new segment");
    static_cast<void>(file.release());
    return failure;
  }""")]),
    Bug("memory_leak", "an error keeps its text for ever",
        {"fault": "stress.fault.catches_memory_leak"}, [
            statement(MAPPING, "if (!header) return header.error();",
                      "if (!header) return *new error(header.error());")]),
    Bug("throws_where_it_may_not", "it allocates where it must not throw, so out of memory ends the program",
        {"fault": "stress.fault.catches_an_allocation_that_may_not_fail"}, [
            statement(SEGMENT, "stat.participants.push_back(std::move(entry));",
                      "[&]() noexcept { stat.participants.push_back(std::move(entry)); }();")]),
    Bug("missing_reserve", "space in a file is promised, not reserved",
        {"fault": "stress.fault.catches_missing_reserve"}, [
            statement(MEMORY, """
    if (::fallocate(file.get(), 0, static_cast<off_t>(at), static_cast<off_t>(size)) == 0) {
      return size;
    }""", "return size;")]),

    # In the model checker.
    Bug("symmetry_without_pins", "symmetry reduction forgets the exception for what a revisit kept (rule 2)",
        {"model": "harness.model.a_wrong_symmetry_reduction_is_noticed"}, [
            statement(SYMMETRY, "return !reversed || pinned(g, first);", "return !reversed;")]),
]
