// SPDX-License-Identifier: MIT
#pragma once

// Runs the tested code along a graph. A run first repeats what the graph already holds, thread by
// thread, answering reads from it and checking that the code does what it did before; then it lets
// the threads append events, the lowest-numbered one that can go on first, until all have ended or
// are blocked. Appending happens on the thread's own fiber, so a run switches only when a thread
// stops.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "address_table.hpp"
#include "explorer.hpp"
#include "shmfifo/harness/model/check.hpp"
#include "shmfifo/harness/model/thread.hpp"
#include "strand.hpp"

namespace shmfifo::harness::model::detail {

// Bits in the keys of locations that are not words of memory; no user address has them.
inline constexpr std::uint64_t queue_bit = std::uint64_t{1} << 62U;  // a futex's queue
inline constexpr std::uint64_t life_bit = std::uint64_t{1} << 63U;   // whether a thread has ended

enum class outcome : std::uint8_t {
  complete,
  blocked,
  abandoned,  // inconsistent, or longer than the limit
  restart,    // the explorer has put another graph in place: run that
  violation,
  refused,  // not deterministic, or beyond a limit: no verdict can be given
};

// Where an event came from, kept only while a violation is run again for its report.
struct origin {
  access_site site;
  const char* name = "";
};

class runtime {
 public:
  runtime(const test_body& body, const model::options& options);
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  [[nodiscard]] outcome run();
  [[nodiscard]] explorer& explored() noexcept { return explorer_; }
  [[nodiscard]] broken rule() const noexcept { return rule_; }
  [[nodiscard]] bool killed_a_thread() const noexcept { return killed_; }  // the last run
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  void set_fault();  // describes the explorer's fault
  void keep_below(std::uint32_t events) noexcept { events_below_ = events; }
  void record_origins(bool yes) noexcept { recording_ = yes; }
  [[nodiscard]] const std::vector<std::vector<origin>>& origins() const noexcept {
    return origins_;
  }
  // Where the location's variable was made, if that was recorded; null otherwise, and for a word
  // that the model was given by address.
  [[nodiscard]] const source_location* declaration_of(std::uint32_t location) const;
  // Whether it is what the kernel keeps for the futex at a word, instead of the word.
  [[nodiscard]] bool is_queue(std::uint32_t location) const {
    return (keys_[location] & queue_bit) != 0;
  }
  [[nodiscard]] const strand* thread(std::uint32_t number) const {
    return number < strands_.size() ? strands_[number].get() : nullptr;
  }
  [[nodiscard]] const model::options& options() const noexcept { return options_; }
  [[nodiscard]] std::uint32_t location_at(const void* address) const;

  [[nodiscard]] static runtime& active();
  [[nodiscard]] static runtime* active_or_null() noexcept;

  // What the tested code calls, see access.hpp and thread.hpp.
  std::uint64_t load(word w, std::memory_order o, const access_site& s);
  void store(word w, std::uint64_t value, std::memory_order o, const access_site& s);
  std::uint64_t fetch(word w, update u, std::uint64_t operand, std::memory_order o,
                      const access_site& s);
  bool compare_exchange(word w, std::uint64_t& expected, std::uint64_t desired, bool weak,
                        std::memory_order success, std::memory_order failure, const access_site& s);
  std::uint64_t read_plain(word w, const access_site& s);
  void write_plain(word w, std::uint64_t value, const access_site& s);
  void construct(word w, bool initialised, std::uint64_t value, const access_site& s);
  void fence(std::memory_order o, const access_site& s);
  bool futex_wait(const std::uint32_t& w, std::uint32_t value, bool may_time_out,
                  const access_site& s);
  void futex_wake_all(const std::uint32_t& w, const access_site& s);
  room new_thread(const new_thread_request& r, const access_site& s);
  void start_thread(std::uint32_t thread, body::run_function run, body::drop_function drop);
  void join_thread(std::uint32_t thread, const access_site& s);
  bool dead(std::uint32_t thread, liveness_edge edge, const access_site& s);
  void pause(source_location where);
  std::uint32_t choose(std::uint32_t outcomes, const access_site& s);
  void assume(bool holds);
  void require(bool holds, std::string_view what, source_location where);
  void* allocate(std::size_t size, std::size_t alignment);
  [[nodiscard]] std::uint32_t running_thread();

 private:
  // A location before it has a number: an address, or something the kernel keeps for one.
  struct place {
    std::uint64_t key;
    std::uint32_t size;
  };
  struct request {
    place where;
    order strength;
    std::uint16_t flags = 0;
    const access_site* site;
    const char* name;
    std::uint64_t expected = 0;
    update how_updated = update::exchange;
    std::uint64_t operand = 0;
    order on_success = order::plain;
    order on_failure = order::plain;
  };

  // Scheduling.
  void begin_run();
  bool repeat_all();
  bool extend_all();
  bool resume(strand& s);
  [[nodiscard]] strand* next_to_extend();
  [[nodiscard]] outcome classify();
  [[nodiscard]] bool stuck(strand& s);
  [[nodiscard]] std::string describe_blocked() const;
  void run_body(strand& s);
  strand& strand_for(std::uint32_t number);

  // Events.
  std::uint64_t read(const request& r);
  void write(const request& r, std::uint64_t value);
  void event_fence(order strength, const access_site& s);
  std::uint64_t update_word(const request& r);
  [[nodiscard]] bool repeats(const strand& s) const {
    return s.done < graph_->threads[s.number].events.size();
  }
  const event& repeated(strand& s, kind what);
  void wait_for_writer(strand& s, const event& e);
  void reach_frontier(strand& s, bool may_die);
  void settle(step result);
  void die(strand& s);
  void end_mortal(strand& s);
  std::uint64_t ghost_read(strand& s, const request& r);
  [[noreturn]] void leave_ghost(strand& s);

  [[nodiscard]] std::uint32_t locate(const place& p);
  void bind(std::uint32_t location, const place& p);
  void bind_repeated(std::uint32_t location, const place& p);
  [[nodiscard]] std::uint64_t initial_value(const place& p) const;
  [[nodiscard]] bool overlaps(const place& p) const;
  [[nodiscard]] const site_override* override_for(const access_site& s) const {
    return s.site < options_.site_overrides.size() ? &options_.site_overrides[s.site] : nullptr;
  }
  [[nodiscard]] order effective(std::memory_order o, const access_site& s) const;
  void record(const strand& s, std::uint32_t index, const access_site& site, const char* name);

  [[noreturn]] void give_up(outcome o);
  void keep_message(std::string& text);
  [[noreturn]] void refuse(std::string why);
  [[noreturn]] void violate(broken rule, std::string what);

  const test_body& body_;
  const model::options& options_;
  explorer explorer_;
  graph* graph_ = nullptr;  // the explorer's current one, during a run
  std::vector<std::unique_ptr<strand>> strands_;
  std::uint32_t strands_used_ = 0;
  strand* running_ = nullptr;
  address_table table_;
  std::vector<std::uint64_t> keys_;         // by location: its address in this run
  std::vector<std::uint64_t> keys_run_;     // by location: the run in which that was found
  std::vector<const void*> uninitialised_;  // objects made without a value in this run
  std::uint64_t run_ = 0;
  bool extending_ = false;
  bool started_threads_ = false;
  bool killed_ = false;
  std::uint32_t events_below_ = none;
  std::optional<outcome> ending_;
  broken rule_ = broken::nothing;
  std::string message_;
  bool recording_ = false;
  std::vector<std::vector<origin>> origins_;
  struct declaration {
    std::uint64_t key;
    source_location where;
  };
  std::vector<declaration> declarations_;  // kept as origins are
  struct arena {
    static constexpr std::size_t bytes = 64 * 1024;
    using memory = std::array<std::byte, bytes>;
    std::vector<std::unique_ptr<memory>> blocks;
    std::size_t block = 0;
    std::size_t used = 0;
  };
  std::vector<arena> arenas_;
  runtime* outer_ = nullptr;
};

}  // namespace shmfifo::harness::model::detail
