// SPDX-License-Identifier: MIT
#pragma once
// The messages of the example programs: the original's text, its structure CheckImeiReq as plain
// bytes, and the same structure written as text. Each kind has one fixed content, so a reader can
// check every byte; with numbering each message also says who sent it and as which one, and the
// reader checks the order of every sender.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shmfifo/consumer.hpp"
#include "words.hpp"

namespace shmfifo::apps {

enum class message_kind : std::uint8_t { text, structured, serialized };

inline const choices<message_kind> kind_words{{"text", message_kind::text},
                                              {"structured", message_kind::structured},
                                              {"serialized", message_kind::serialized}};

struct check_imei_req {
  char imei[16];
  char imsi[16];
  char msisdn[19];
  friend bool operator==(const check_imei_req&, const check_imei_req&) = default;
};

[[nodiscard]] check_imei_req seed_request();
[[nodiscard]] std::string serialize(const check_imei_req& request);
// Nothing if the text is no such structure, or a field does not fit.
[[nodiscard]] std::optional<check_imei_req> parse_request(std::string_view text);

// The bytes that every message of a kind has.
[[nodiscard]] std::string fixed_content(message_kind kind);
// A message of this kind in words, for people; bytes that are none are said to be so.
[[nodiscard]] std::string describe_message(message_kind kind, std::span<const std::byte> bytes);

// Makes messages: the fixed content, and behind it, if numbered, sender and sequence.
class message_maker {
 public:
  message_maker(message_kind kind, bool numbered)
      : base_(fixed_content(kind)), numbered_(numbered) {}

  [[nodiscard]] std::size_t size() const noexcept;
  void make(std::string& message, std::uint64_t sender, std::uint64_t sequence) const;
  [[nodiscard]] bool numbered() const noexcept { return numbered_; }

 private:
  std::string base_;
  bool numbered_;
};

// Checks messages byte by byte against what message_maker makes.
class message_checker {
 public:
  message_checker(message_kind kind, bool numbered)
      : base_(fixed_content(kind)), numbered_(numbered) {}

  // False if the message is not as it was made; the first such one is kept as a sentence.
  bool check(const record_view& record);
  [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }
  [[nodiscard]] const std::string& first_wrong() const noexcept { return first_wrong_; }

 private:
  bool complain(std::int64_t number, std::string sentence);
  bool check_numbering(std::int64_t number, std::string_view trailer);

  std::string base_;
  bool numbered_;
  std::uint64_t wrong_ = 0;
  std::string first_wrong_;
  std::map<std::uint64_t, std::uint64_t> last_of_sender_;
};

}  // namespace shmfifo::apps
