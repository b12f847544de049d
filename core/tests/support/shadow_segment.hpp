// SPDX-License-Identifier: MIT
#pragma once
// A segment whose words can be had through the seam only. Roles get a view of a copy, in which
// every word is nonsense; the memory model leads each access from there to the real word, counts
// the loads of each word, and can answer one of them falsely, as if a hostile writer had changed
// the word in between. Content is read from the copy. An access that is neither a word nor the
// content of one slot fails the test.

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/hooked_memory.hpp"

namespace shmfifo::testing {

// Which word, and whose: the line's or the slot's index.
struct word_place {
  std::string_view name;
  std::uint64_t index = 0;
  auto operator<=>(const word_place&) const = default;
};

// The nth load of such a word in one call gets this answer instead of the truth.
struct false_answer {
  std::string_view word;
  unsigned nth = 1;
  std::function<std::uint64_t(std::uint64_t truth)> value;
};

class shadow_segment {
 public:
  explicit shadow_segment(const segment& home)
      : shape_(home.shape()),
        real_(reinterpret_cast<std::byte*>(&home.view().control()) - control_offset),
        copy_(static_cast<std::byte*>(std::aligned_alloc(page_size, shape_.segment_size())),
              &std::free) {
    copy_content();
  }

  // What the protocol gets.
  [[nodiscard]] layout_view view() const { return {copy_.get(), shape_}; }
  [[nodiscard]] const geometry& shape() const { return shape_; }
  [[nodiscard]] std::byte* real() const { return real_; }

  // Takes over the content that is in the real segment; all the rest of the copy is nonsense.
  void copy_content() {
    std::memset(copy_.get(), nonsense, shape_.segment_size());
    for (std::uint64_t i = 0; i < shape_.slot_count; ++i) {
      const std::uint64_t at = content_at(i);
      std::memcpy(copy_.get() + at, real_ + at, shape_.content_size);
    }
  }
  // Whether nobody has written to a word, or between the parts, except through the seam.
  [[nodiscard]] bool untouched() const {
    for (std::uint64_t at = 0; at < shape_.segment_size(); ++at) {
      if (!is_content(at, 1) && copy_.get()[at] != std::byte{nonsense}) return false;
    }
    return true;
  }

  // A new call of the protocol begins.
  void begin_call() {
    loads_.clear();
    writes_.clear();
    answers_.clear();
    naps_ = 0;
  }
  // A clock that goes on with each nap and each sleep, and nothing else: whether this deadline,
  // which is so many, has passed in this call.
  [[nodiscard]] bool expired(deadline until) const {
    return until.time_since_epoch() <= std::chrono::nanoseconds(naps_);
  }
  void nap() { ++naps_; }
  void answer_falsely(std::optional<false_answer> how) { false_answer_ = std::move(how); }
  // The loads of this call, as "role 0-7: 2, stamp 0: 1".
  [[nodiscard]] std::string loads() const { return as_text(loads_); }
  // Its stores and exchanges, likewise.
  [[nodiscard]] std::string writes() const { return as_text(writes_); }
  // What the first and the last load of the word were answered in this call.
  struct answer_pair {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  [[nodiscard]] answer_pair answers(std::string_view word, std::uint64_t index) const {
    const auto found = answers_.find({word, index});
    EXPECT_NE(found, answers_.end()) << word << " was not loaded";
    return found == answers_.end() ? answer_pair() : found->second;
  }
  [[nodiscard]] std::uint64_t first_answer(std::string_view word, std::uint64_t index) const {
    return answers(word, index).first;
  }

  // Of the memory model: the real word; the same word if it is none of the segment's.
  template <class T>
  [[nodiscard]] T& real_word(T& word) const {
    if (!contains(&word)) return word;
    static_cast<void>(find(&word));
    return *reinterpret_cast<T*>(real_ + offset_of(&word));
  }
  template <class T>
  [[nodiscard]] T& word_to_write(T& word) {
    if (contains(&word)) ++writes_[find(&word)];
    return real_word(word);
  }
  template <class T>
  [[nodiscard]] T answer(const T& word, T truth) {
    if (!contains(&word)) return truth;
    const word_place place = find(&word);
    const unsigned nth = ++loads_[place];
    T given = truth;
    if (false_answer_ && false_answer_->word == place.name && false_answer_->nth == nth) {
      given = static_cast<T>(false_answer_->value(static_cast<std::uint64_t>(truth)));
    }
    const auto word_given = static_cast<std::uint64_t>(given);
    answers_.try_emplace(place, answer_pair{word_given, word_given}).first->second.last =
        word_given;
    return given;
  }
  // False, and the test fails, if the bytes are not the beginning of one slot's content.
  [[nodiscard]] bool allows(const std::byte* content, std::size_t size) const {
    const bool sound =
        contains(content) && is_content(offset_of(content), size) &&
        (offset_of(content) - shape_.slots_offset()) % shape_.slot_stride() == content_offset;
    EXPECT_TRUE(sound) << size << " bytes at " << content - copy_.get();
    return sound;
  }
  // A message is copied whole, and no more than that.
  [[nodiscard]] bool allows_copy(const std::byte* content, std::size_t size) const {
    if (!allows(content, size)) return false;
    const std::uint64_t slot = (offset_of(content) - shape_.slots_offset()) / shape_.slot_stride();
    EXPECT_EQ(size, first_answer("value_length", slot));
    return true;
  }
  // The bytes of the same slot's content in the real segment.
  [[nodiscard]] std::byte* real_content(const std::byte* content) const {
    return real_ + offset_of(content);
  }

 private:
  static constexpr int nonsense = 0xee;
  using counts = std::map<word_place, unsigned>;

  [[nodiscard]] static std::string as_text(const counts& of_words) {
    std::string text;
    for (auto one = of_words.begin(); one != of_words.end();) {
      const auto& [first, count] = *one;
      std::uint64_t last = first.index;
      while (++one != of_words.end() && one->first == word_place{first.name, last + 1} &&
             one->second == count) {
        ++last;
      }
      if (!text.empty()) text += ", ";
      text += std::string(first.name) + " " + std::to_string(first.index);
      if (last != first.index) text.append("-").append(std::to_string(last));
      text += ": " + std::to_string(count);
    }
    return text;
  }

  [[nodiscard]] bool contains(const void* address) const {
    return address >= copy_.get() && address < copy_.get() + shape_.segment_size();
  }
  [[nodiscard]] std::uint64_t offset_of(const void* address) const {
    return static_cast<std::uint64_t>(static_cast<const std::byte*>(address) - copy_.get());
  }
  [[nodiscard]] std::uint64_t content_at(std::uint64_t slot) const {
    return shape_.slots_offset() + slot * shape_.slot_stride() + content_offset;
  }
  [[nodiscard]] bool is_content(std::uint64_t at, std::size_t size) const {
    if (at < shape_.slots_offset()) return false;
    const std::uint64_t slot = (at - shape_.slots_offset()) / shape_.slot_stride();
    const std::uint64_t begin = content_at(slot);
    return slot < shape_.slot_count && at >= begin && size <= shape_.content_size &&
           at + size <= begin + shape_.content_size;
  }

  [[nodiscard]] word_place find(const void* address) const {
    const std::uint64_t at = offset_of(address);
    if (at >= shape_.slots_offset()) {
      constexpr std::string_view names[] = {"stamp", "value_length", "message_number",
                                            "status_word"};
      const std::uint64_t slot = (at - shape_.slots_offset()) / shape_.slot_stride();
      const std::uint64_t in_slot = (at - shape_.slots_offset()) % shape_.slot_stride();
      if (slot < shape_.slot_count && in_slot < content_offset && in_slot % 8 == 0) {
        return {names[in_slot / 8], slot};
      }
    } else if (at >= participants_offset) {
      const std::uint64_t line = (at - participants_offset) / participant_stride;
      const std::uint64_t in_line = (at - participants_offset) % participant_stride;
      constexpr std::string_view names[] = {"role", "consumer_cursor", "intent", "pid"};
      if (line < shape_.participant_count && in_line % (in_line < 24 ? 8 : 4) == 0) {
        if (in_line > offsetof(participant_line, pid)) return {"name", line * 64 + in_line};
        return {names[in_line / 8], line};
      }
    } else if (at >= control_offset && (at - control_offset) % destructive_distance == 0) {
      constexpr std::string_view names[] = {"producer_cursor", "gate_floor", "data_bell",
                                            "space_bell"};
      return {names[(at - control_offset) / destructive_distance]};
    }
    ADD_FAILURE() << "an access at " << at << ", where no shared word is";
    return {"none", at};
  }

  geometry shape_;
  std::byte* real_;
  std::unique_ptr<std::byte, decltype(&std::free)> copy_;
  counts loads_;
  counts writes_;
  std::map<word_place, answer_pair> answers_;
  std::optional<false_answer> false_answer_;
  unsigned naps_ = 0;
};

// Neither spins nor sleeps: nobody else is there.
class shadow_memory : public std_memory_model {
 public:
  shadow_memory(std_memory_model&& locks, shadow_segment& home)
      : std_memory_model(std::move(locks)), home_(&home) {}

  template <class T>
  [[nodiscard]] T load(const T& word, std::memory_order order, site where) const {
    return home_->answer(word, std_memory_model::load(home_->real_word(word), order, where));
  }
  template <class T>
  void store(T& word, std::type_identity_t<T> value, std::memory_order order, site where) const {
    std_memory_model::store(home_->word_to_write(word), value, order, where);
  }
  template <class T>
  [[nodiscard]] bool compare_exchange(T& word, T& expected, std::type_identity_t<T> desired,
                                      std::memory_order success, std::memory_order failure,
                                      site where) const {
    expect_order_of_failure(failure);
    return std_memory_model::compare_exchange(home_->word_to_write(word), expected, desired,
                                              success, failure, where);
  }
  template <class T>
  [[nodiscard]] T fetch_or(T& word, std::type_identity_t<T> bits, std::memory_order order,
                           site where) const {
    return std_memory_model::fetch_or(home_->real_word(word), bits, order, where);
  }
  void write_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order,
                     site) const {
    if (!home_->allows(to, size)) return;
    std::copy_n(from, size, to);
    std::copy_n(from, size, home_->real_content(to));
  }
  void read_content(std::byte* to, const std::byte* from, std::size_t size, std::memory_order,
                    site) const {
    if (home_->allows_copy(from, size)) std::copy_n(from, size, to);
  }
  static void prefetch_for_write(const std::byte*, std::size_t) noexcept {}
  static bool pause(unsigned) noexcept { return false; }
  void sleep(const std::uint32_t&, std::uint32_t, deadline) const { home_->nap(); }
  void nap(deadline) const { home_->nap(); }
  [[nodiscard]] bool expired(deadline until) const { return home_->expired(until); }

 private:
  shadow_segment* home_;
};

static_assert(memory_model<shadow_memory>);

// Roles that a test can end in good order.
struct shadow_reader : basic_consumer<shadow_memory> {
  using basic_consumer::basic_consumer;
  using basic_consumer::leave;
};
struct shadow_writer : basic_producer<shadow_memory> {
  using basic_producer::basic_producer;
  using basic_producer::leave;
};

}  // namespace shmfifo::testing
