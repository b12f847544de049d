# SPDX-License-Identifier: MIT
"""The seeded bugs: each is one name, a sentence, the property that must find it first, and edits of
the core's real text. In an edit BROKEN stands for "this bug is switched on", so that one build holds
them all and SHMFIFO_BROKEN=name chooses one at run time. Every old text must occur exactly once."""

INCLUDE = "core/include/shmfifo/"
PROTOCOL = INCLUDE + "protocol/"


def swap(file, old, new):
    """An expression takes another value."""
    return file, old, f"(BROKEN ? ({new}) : ({old}))"


def drop(file, old):
    """A statement is left out."""
    return file, old, f"if (!BROKEN) {old}"


def edit(file, old, new):
    return file, old, new


LAYOUT, VALIDATE = PROTOCOL + "layout.hpp", PROTOCOL + "validate.hpp"
PRODUCER, CONSUMER = INCLUDE + "producer.hpp", INCLUDE + "consumer.hpp"
PARTICIPANTS, CLAIM, MARK = PROTOCOL + "participants.hpp", PROTOCOL + "claim.hpp", PROTOCOL + "mark.hpp"
ROLES, MAPPING, SEGMENT = "core/src/roles.cpp", "core/src/mapping.cpp", "core/src/segment.cpp"

MUTANTS = [
    # name, what is wrong, the property that must find it, edits
    ("wrap_mask_halved", "a ring uses only half of its slots", "layout.G3_G13_every_geometry_survives_attaching", [
        edit(LAYOUT, "index_mask_(shape.mode == segment_mode::ring ? shape.slot_count - 1 :",
             "index_mask_(shape.mode == segment_mode::ring ? (shape.slot_count - 1) >> (BROKEN ? 1 : 0) :")]),
    ("slots_overlap", "the stride forgets the slot's header", "layout.G3_G13_every_geometry_survives_attaching", [
        edit(LAYOUT, "round_up(content_offset + content_size, cache_line)",
             "round_up((BROKEN ? 0 : content_offset) + content_size, cache_line)")]),
    ("owner_of_seven_bits", "the stamp loses a bit of its owner",
     "layout.G2_G4_stamps_and_words_keep_their_parts", [
        edit(LAYOUT, "stamp >> stamp_owner_shift & 0xff", "stamp >> stamp_owner_shift & (BROKEN ? 0x7fU : 0xffU)")]),
    ("status_unsigned", "a status loses its highest bit", "mark.G4_changes_only_the_status_of_its_message", [
        edit(LAYOUT, "static_cast<std::uint8_t>(word));", "static_cast<std::uint8_t>(word & (BROKEN ? 0x7fU : 0xffU)));")]),
    ("checksum_ignored", "the header's checksum is not compared",
     "header.G9_every_flipped_bit_is_refused_by_name", [
        edit(VALIDATE, 'if (auto broken = same("checksum", header.checksum, header_checksum(header))) return broken;',
             'if (auto broken = same("checksum", header.checksum, header_checksum(header)); broken && !BROKEN) return broken;')]),
    ("file_size_ignored", "the file may have any size", "header.G9_G10_every_other_file_size_is_refused", [
        edit(VALIDATE, 'return same("file_size", file_size, header.segment_size);',
             'if (BROKEN) return std::nullopt; return same("file_size", file_size, header.segment_size);')]),
    ("version_ignored", "another layout version is accepted",
     "header.G13_other_versions_are_refused_with_both_values", [
        swap(VALIDATE, 'same("layout_version", header.layout_version, layout_version)',
             "std::optional<broken_rule>()")]),
    ("one_value_told", "a refusal does not say what was expected",
     "header.G13_other_versions_are_refused_with_both_values", [
        swap(MAPPING, '", expected " + std::to_string(broken.expected)', 'std::string()')]),
    ("any_ring_size", "a ring may have any number of slots",
     "geometry.G10_G13_impossible_ones_are_refused_by_name_and_leave_nothing", [
        swap(VALIDATE, "!std::has_single_bit(shape.slot_count)", "false")]),
    ("length_one_too_long", "a length may be one above the content",
     "length.G3_outside_the_content_is_refused_and_changes_nothing", [
        edit(PRODUCER, "static_cast<std::uint64_t>(value_length) <= view_.shape().content_size;",
             "static_cast<std::uint64_t>(value_length) <= view_.shape().content_size + (BROKEN ? 1 : 0);")]),
    ("length_believed", "a reader does not check the length", "length.G3_G9_in_the_segment_is_never_believed", [
        edit(CONSUMER, "static_cast<std::uint64_t>(record.value_length) <= view_.shape().content_size &&",
             "(BROKEN || static_cast<std::uint64_t>(record.value_length) <= view_.shape().content_size) &&")]),
    ("copy_in_short", "the last byte is not copied in", "content.G4_comes_back_whole_at_every_alignment", [
        edit(PRODUCER, "static_cast<std::size_t>(value_length), std::memory_order_release,",
             "static_cast<std::size_t>(BROKEN && value_length > 0 ? value_length - 1 : value_length), std::memory_order_release,")]),
    ("copy_out_short", "the last byte is not copied out", "content.G4_comes_back_whole_at_every_alignment", [
        edit(CONSUMER, "static_cast<std::size_t>(record.value_length),\n                           std::memory_order_acquire",
             "static_cast<std::size_t>(record.value_length) - (BROKEN && record.value_length > 0 ? 1 : 0),\n                           std::memory_order_acquire")]),
    ("read_one_too_many", "read copies a byte more than fits", "content.G3_G4_read_fills_its_buffer_and_no_more", [
        edit(CONSUMER, "std::copy_n(seen.content, size, buffer.data());",
             "std::copy_n(seen.content, size + (BROKEN ? 1 : 0), buffer.data());")]),
    ("wrong_number", "the record says the next message's number",
     "order.G1_is_agreed_by_all_and_kept_for_each_producer", [
        edit(PRODUCER, "memory_.store(slot.message_number, static_cast<std::int64_t>(number),",
             "memory_.store(slot.message_number, static_cast<std::int64_t>(number + (BROKEN ? 1 : 0)),")]),
    ("last_number_late", "last_number is one behind", "numbers.G2_are_dense_from_zero_over_wraps_and_restarts", [
        edit(PRODUCER, "last_number_ = static_cast<std::int64_t>(number);",
             "last_number_ = static_cast<std::int64_t>(number) - (BROKEN ? 1 : 0);")]),
    ("number_skipped", "the shared cursor jumps over a number", "numbers.G2_are_dense_with_many_producers", [
        edit(CLAIM, "view.control().producer_cursor, number, number + 1,",
             "view.control().producer_cursor, number, number + (BROKEN ? 2 : 1),")]),
    ("status_kept", "a message starts with its predecessor's status", "mark.G4_never_lands_on_a_later_lap", [
        edit(PRODUCER, "make_status_word(number, 0)",
             "make_status_word(number, BROKEN ? status_of_word(slot.status_word) : std::int8_t{0})")]),
    ("abort_forgotten", "abort does not stamp the number", "claim.G2_aborted_leaves_exactly_one_aborted_number", [
        drop(PRODUCER, "finish(claimed_, slot_state::aborted);")]),
    ("abort_published", "an aborted claim is published", "claim.G2_aborted_leaves_exactly_one_aborted_number", [
        edit(PRODUCER, "finish(claimed_, slot_state::aborted);",
             "finish(claimed_, BROKEN ? slot_state::published : slot_state::aborted);")]),
    ("claim_not_guarded", "a publish may begin inside a claim",
     "claim.G2_aborted_leaves_exactly_one_aborted_number", [
        edit(PRODUCER, "if (claim_open_) [[unlikely]]\n      return status::claim_pending;",
             "if (claim_open_ && !BROKEN) [[unlikely]]\n      return status::claim_pending;")]),
    ("commit_cuts", "a commit forgets the last byte's length",
     "content.G4_of_a_claim_equals_content_of_a_publish", [
        edit(PRODUCER, "store_fields(view_.slot(claimed_), claimed_, value_length);",
             "store_fields(view_.slot(claimed_), claimed_, BROKEN && value_length > 0 ? value_length - 1 : value_length);")]),
    ("batch_overcounts", "a batch counts the message that was refused", "batch.G1_G5_equals_singles", [
        edit(PRODUCER, "if (answer != status::ok) break;\n      ++published;",
             "if (answer != status::ok) { published += BROKEN ? 1 : 0; break; }\n      ++published;")]),
    ("batch_unchecked", "a batch starts although one length is bad",
     "length.G3_outside_the_content_is_refused_and_changes_nothing", [
        edit(PRODUCER, "if (!fits(message.value_length)) return status::bad_length;",
             "if (!fits(message.value_length) && !BROKEN) return status::bad_length;")]),
    ("gate_one_too_wide", "a lossless ring takes one message too many",
     "gate.G5_G4_room_is_what_the_slowest_consumer_left", [
        edit(PRODUCER, "limit_ = std::min(floor, number_max - view_.shape().slot_count) + view_.shape().slot_count;",
             "limit_ = std::min(floor, number_max - view_.shape().slot_count) + view_.shape().slot_count + (BROKEN ? 1 : 0);")]),
    ("gate_one_too_narrow", "a lossless ring keeps one slot empty", "full.G5_rejected_publish_changes_nothing", [
        edit(PRODUCER, "return number < limit_ ? status::ok : status::full;",
             "return number + (BROKEN && gated_ ? 1 : 0) < limit_ ? status::ok : status::full;")]),
    ("gate_forgets_durable", "named cursors hold nobody back",
     "durable.G7_G5_forgotten_cursor_gives_its_room_back", [
        edit(PARTICIPANTS, "role_kind(role) != participant_kind::durable) {",
             "(BROKEN || role_kind(role) != participant_kind::durable)) {")]),
    ("floor_not_raised", "who leaves does not let go of what it read",
     "start.G1_G2_begins_where_it_was_asked_to", [
        edit(PARTICIPANTS, "if (reader && view.shape().gated()) static_cast<void>(raise_gate_floor(view, memory));",
             "if (reader && view.shape().gated() && !BROKEN) static_cast<void>(raise_gate_floor(view, memory));")]),
    ("floor_not_respected", "a reader may start where slots were reused",
     "start.G1_G2_begins_where_it_was_asked_to", [
        swap(PARTICIPANTS, "floor <= position", "true")]),
    ("release_forgotten", "reading does not move the shared cursor",
     "durable.G7_resumes_exactly_where_it_stopped", [
        edit(CONSUMER, "view_.participant(*self_).consumer_cursor, position_, std::memory_order_release,",
             "view_.participant(*self_).consumer_cursor, BROKEN ? 0 : position_, std::memory_order_release,")]),
    ("answer_released_at_once", "what was passed over is released before its answer is known",
     "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", [
        edit(CONSUMER, "    return answer(kind, first);\n",
             "    if (BROKEN) release();\n    return answer(kind, first);\n")]),
    ("copy_released_at_once", "a message read is released before its copy is known",
     "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", [
        edit(CONSUMER, "record = seen;\n      ++position_;", "record = seen;\n      ++position_;\n      if (BROKEN) release();")]),
    ("resume_off_by_one", "a named cursor resumes one too far", "durable.G7_resumes_exactly_where_it_stopped", [
        edit(ROLES, "std::memory_order_relaxed, site::attach_resume);",
             "std::memory_order_relaxed, site::attach_resume) + (BROKEN ? 1 : 0);")]),
    ("latest_one_late", "latest means one number further", "start.G1_G2_begins_where_it_was_asked_to", [
        edit(ROLES, "if (start.where == start_at::place::latest) return cursor;",
             "if (start.where == start_at::place::latest) return cursor + (BROKEN ? 1 : 0);")]),
    ("lost_off_by_one", "one more is called lost than was", "full.G5_overwriting_tells_exactly_what_was_lost", [
        edit(CONSUMER, "std::max(oldest, newer - lap + 1);", "std::max(oldest, newer - lap + (BROKEN ? 2 : 1));")]),
    ("lost_untold", "what was overwritten is passed over one number at a time",
     "full.G5_overwriting_tells_exactly_what_was_lost", [
        swap(CONSUMER, "oldest_left(stamp_number(stamp))", "oldest_left(stamp_number(stamp)) + 1")]),
    ("exhausted_unsaid", "after the last number producers answer full",
     "numbers.G2_G1_G3_stay_right_near_every_limit", [
        swap(PRODUCER, "number >= number_max", "false")]),
    ("hopeless_inverted", "timed_out and peer_dead are confused",
     "full.G5_waiting_ends_with_the_deadline_and_loses_nothing", [
        swap(PRODUCER, "!memory_.alive(lowest.holder)", "memory_.alive(lowest.holder)")]),
    ("live_owner_overwritten", "a claim that is held open is written over",
     "full.G5_G2_a_slow_claim_is_passed_over_and_told_lost", [
        edit(CLAIM, "!stamp_done(stamp) && memory.alive(stamp_owner(stamp))",
             "!stamp_done(stamp) && !BROKEN && memory.alive(stamp_owner(stamp))")]),
    ("lost_commit_told_ok", "the commit of a lost claim answers ok",
     "full.G5_G2_a_slow_claim_is_passed_over_and_told_lost", [
        swap(PRODUCER, "status::lost", "status::ok")]),
    ("held_for_ever", "a slot that was passed over is never free again",
     "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", [
        edit(PRODUCER, "protocol::release_held(memory_, stamp, expected, self_);",
             "if (!BROKEN) protocol::release_held(memory_, stamp, expected, self_);")]),
    ("busy_told_broken", "an open claim one lap back is called a broken segment",
     "stateful.G1_G2_G3_G4_G5_G6_G7_kept_counterexamples_agree", [
        edit(CLAIM, "is_unfinished_lap(view.shape(), stamp, number) ?", "!BROKEN && is_unfinished_lap(view.shape(), stamp, number) ?")]),
    ("claim_not_atomic", "two producers may take one number", "parallel.G1_G2_G4_G5_histories_are_linearizable", [
        edit(CLAIM, "if (!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),",
             "if (BROKEN ? (::shmfifo::broken_core::linger(), memory.store(slot.stamp, make_stamp(number, "
             "slot_state::claimed, self), std::memory_order_release, site::claim_exchange), false) : "
             "!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),")]),
    ("mark_ignores_number", "a mark lands on whatever message is there", "mark.G4_never_lands_on_a_later_lap", [
        edit(MARK, "if (stamp_number(stamp) > wanted) return status::lost;",
             "if (stamp_number(stamp) > wanted && !BROKEN) return status::lost;"),
        edit(MARK, "while (word >> 8 == wanted) {", "while (BROKEN || word >> 8 == wanted) {")]),
    ("mark_renumbers", "a mark changes the number beside the status",
     "mark.G4_changes_only_the_status_of_its_message", [
        edit(MARK, "word, make_status_word(wanted, value)", "word, make_status_word(wanted + (BROKEN ? 1 : 0), value)")]),
    ("read_only_marks", "a read-only handle tries to write",
     "observer.G5_G7_changes_no_byte_and_holds_nobody_back", [
        edit(SEGMENT, "if (!writable()) return status::read_only;", "if (!writable() && !BROKEN) return status::read_only;")]),
    ("living_recovered", "recovery frees the lines of the living", "recovery.G8_G6_twice_equals_once", [
        edit(PARTICIPANTS, "if (!owned && memory.alive(index)) return false;",
             "if (!owned && !BROKEN && memory.alive(index)) return false;")]),
    ("dead_claim_kept", "recovery leaves the claims of the dead", "recovery.G8_G6_twice_equals_once", [
        edit(PARTICIPANTS, "(state == slot_state::claimed || state == slot_state::held)) {",
             "!BROKEN && (state == slot_state::claimed || state == slot_state::held)) {")]),
    ("dead_thought_alive", "a reader never asks whether a claim's owner lives",
     "death.G6_G2_of_a_producer_takes_only_its_open_claim", [
        edit(CONSUMER, "if (memory_.alive(stamp_owner(stamp))) return;", "if (BROKEN || memory_.alive(stamp_owner(stamp))) return;")]),
    ("line_stolen", "a line in use is given away", "exhaustion.G10_no_free_line_is_an_error_and_leaves_nothing", [
        edit(PARTICIPANTS, "if (!memory.try_own(i)) continue;", "if (!memory.try_own(i) && !BROKEN) continue;")]),
    ("two_single_producers", "the role of single producer is given twice",
     "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", [
        swap(ROLES, "!memory.try_own(lock_producer_role)", "false")]),
    ("control_characters", "a name may hold control characters", "names.G10_are_accepted_or_refused_whole", [
        swap(MAPPING, "static_cast<unsigned char>(c) < 32 || c == 127", "false")]),
    ("cursor_runs_away", "a broken slot lets a reader run to the end of numbers",
     "hostile.G9_G3_any_words_give_an_answer_inside_bounds", [
        swap(CONSUMER, "newer <= cursor", "true")]),
    ("limit_ignored", "poll hands out all there is", "gate.G5_G4_room_is_what_the_slowest_consumer_left", [
        edit(CONSUMER, "while (static_cast<std::int64_t>(position_ - first) < limit &&",
             "while ((BROKEN || static_cast<std::int64_t>(position_ - first) < limit) &&")]),
    ("false_ignored", "a handler cannot stop a poll", "stateful.G1_G2_G3_G4_G5_G6_G7_core_agrees_with_reference", [
        edit(CONSUMER, "if (!more) break;", "if (!more && !BROKEN) break;")]),
]
