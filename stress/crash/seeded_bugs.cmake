# The bugs themselves. The comment says in which window a death (or a pause) shows it.

# The stamp says "published" while length and number are still those of an older lap.
shmfifo_seed(stamp_before_fields include/shmfifo/producer.hpp
[=[      store_fields(slot, number, value_length);
      if (finish(number, slot_state::published)) [[likely]]
        return status::ok;]=]
[=[      if (finish(number, slot_state::published)) {
        store_fields(slot, number, value_length);
        return status::ok;
      }]=])

# Two instructions: the cursor says that a number was taken, its stamp does not yet.
shmfifo_seed(cursor_before_stamp include/shmfifo/producer.hpp
[=[      memory_.store(stamp, final_stamp, std::memory_order_release,
                    state == slot_state::published ? site::publish_stamp : site::abort_stamp);]=]
[=[      if (single_) memory_.store(view_.control().producer_cursor, number + 1,
                                 std::memory_order_release, site::publish_cursor);
      memory_.store(stamp, final_stamp, std::memory_order_release, site::publish_stamp);]=])

# A dead producer's claim that its line does not mention: nobody aborts it once the line is reused.
shmfifo_seed(claim_without_intent include/shmfifo/protocol/claim.hpp
[=[  memory.store(view.participant(self).intent, number, std::memory_order_relaxed,
               site::claim_intent);]=] "")

# The number is taken from the cursor first, as a ticket: for some instructions nobody owns it.
shmfifo_seed(ticket_before_claim include/shmfifo/protocol/claim.hpp
[=[  if (!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),
                               std::memory_order_release, std::memory_order_relaxed,
                               site::claim_exchange)) {
    return claim_step::again;
  }]=]
[=[  help_cursor(view, memory, number);
  if (!memory.compare_exchange(slot.stamp, stamp, make_stamp(number, slot_state::claimed, self),
                               std::memory_order_release, std::memory_order_relaxed,
                               site::claim_exchange)) {
    return claim_step::again;
  }]=])

# A pause is taken for a death.
shmfifo_seed(recovery_ignores_the_living include/shmfifo/protocol/participants.hpp
[=[  if (!owned && memory.alive(index)) return false;]=] "")

# A pause longer than 30 ms is taken for a death.
shmfifo_seed(recovery_by_clock include/shmfifo/consumer.hpp
[=[      if (memory_.alive(stamp_owner(stamp))) return;]=]
[=[      static std::uint64_t waited_for = 0;
      static deadline limit{};
      if (waited_for != stamp) {
        waited_for = stamp;
        limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
      }
      if (!memory_.expired(limit)) return;]=])

# The last reader's line is gone before the floor says what it had read.
shmfifo_seed(line_before_floor include/shmfifo/protocol/participants.hpp
[=[  if (reader && view.shape().gated()) static_cast<void>(raise_gate_floor(view, memory));]=]
[=[  if (reader && view.shape().gated()) {
    const std::uint64_t read =
        memory.load(view.participant(index).consumer_cursor, std::memory_order_acquire,
                    site::gate_consumer_cursor);
    const bool gone = memory.compare_exchange(
        view.participant(index).role, role, make_role(role_generation(role), participant_kind::none),
        std::memory_order_acq_rel, std::memory_order_relaxed, site::recover_free);
    if (gone && find_lowest_cursor(view, memory).number == no_cursor) {
      memory.store(view.control().gate_floor, read, std::memory_order_seq_cst,
                   site::gate_floor_raise);
    }
    return gone;
  }]=])

# Only a recoverer that dies itself shows it: the line is free, its claim is still there.
shmfifo_seed(line_before_claim include/shmfifo/protocol/participants.hpp
[=[        abort_dead_claim(view, memory, number, stamp);]=]
[=[        const bool gone = free_line(view, memory, index, role);
        abort_dead_claim(view, memory, number, stamp);
        return gone;]=])

# The name appears before the segment is complete: its first word comes last.
shmfifo_seed(named_before_complete src/mapping.cpp
[=[  std::memcpy(*base, &header, sizeof header);
  if (auto named = kernel::give_name(*file, where); !named) return named.failure();]=]
[=[  if (auto named = kernel::give_name(*file, where); !named) return named.failure();
  std::memcpy(*base, &header, sizeof header);]=])

# Sleeps end only when somebody rings: who dies between its last store and the bell leaves the others
# asleep. A few instructions, and none of them changes the segment.
shmfifo_seed(sleep_without_slices src/kernel.cpp
[=[  ::syscall(SYS_futex, &bell, FUTEX_WAIT, value, &time, nullptr, 0);]=]
[=[  ::syscall(SYS_futex, &bell, FUTEX_WAIT, value, nullptr, nullptr, 0);]=])

# For the fault harness: a descriptor that an error leaves open, and space that is promised, not reserved.
shmfifo_seed(descriptor_leak src/kernel.cpp
[=[  if (::fchmod(file.get(), permissions) != 0) return failed_now("fchmod", "the new segment");]=]
[=[  if (::fchmod(file.get(), permissions) != 0) {
    error failure = failed_now("fchmod", "the new segment");
    static_cast<void>(file.release());
    return failure;
  }]=])
# An error keeps its text for ever.
shmfifo_seed(memory_leak src/mapping.cpp
[=[  if (!header) return header.failure();]=]
[=[  if (!header) return *new error(header.failure());]=])
# It allocates where it must not throw: a want of memory ends the program.
shmfifo_seed(throws_where_it_may_not src/segment.cpp
[=[    stat.participants.push_back(std::move(entry));]=]
[=[    [&]() noexcept { stat.participants.push_back(std::move(entry)); }();]=])
shmfifo_seed(missing_reserve src/memory.cpp
[=[    if (::fallocate(file.get(), 0, static_cast<off_t>(at), static_cast<off_t>(size)) == 0) {
      return size;
    }]=]
[=[    return size;]=])
