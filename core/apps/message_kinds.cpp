// SPDX-License-Identifier: MIT
#include "message_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "parse_number.hpp"
#include "printable.hpp"

namespace shmfifo::apps {
namespace {

constexpr std::string_view sender_word = " sender=";
constexpr std::string_view sequence_word = " sequence=";
constexpr std::size_t sender_digits = 10;
constexpr std::size_t sequence_digits = 20;
constexpr std::size_t trailer_size =
    sender_word.size() + sender_digits + sequence_word.size() + sequence_digits;

template <std::size_t Size>
bool put(char (&field)[Size], std::string_view value) {
  if (value.size() >= Size) return false;
  std::memcpy(field, value.data(), value.size());
  return true;
}

template <std::size_t Size>
std::string_view get(const char (&field)[Size]) {
  return {field, static_cast<std::size_t>(std::find(field, field + Size, '\0') - field)};
}

}  // namespace

check_imei_req seed_request() {
  return {"254784512658411", "214021245145781", "123456987412547896"};
}

std::string serialize(const check_imei_req& request) {
  return nlohmann::json{
      {"imei", get(request.imei)}, {"imsi", get(request.imsi)}, {"msisdn", get(request.msisdn)}}
      .dump();
}

std::optional<check_imei_req> parse_request(std::string_view text) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.size() != 3) return std::nullopt;
  check_imei_req request{};
  const auto take = [&](const char* key, auto& field) {
    const auto found = parsed.find(key);
    return found != parsed.end() && found->is_string() &&
           put(field, found->template get_ref<const std::string&>());
  };
  if (!take("imei", request.imei) || !take("imsi", request.imsi) ||
      !take("msisdn", request.msisdn)) {
    return std::nullopt;
  }
  return request;
}

std::string fixed_content(message_kind kind) {
  if (kind == message_kind::text) {
    std::string content;
    for (int i = 0; i < 32; ++i) content += "hola";
    return content + "adios";
  }
  const check_imei_req request = seed_request();
  if (kind == message_kind::serialized) return serialize(request);
  return {reinterpret_cast<const char*>(&request), sizeof request};
}

std::string describe_message(message_kind kind, std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::optional<check_imei_req> request;
  if (kind == message_kind::structured && bytes.size() >= sizeof(check_imei_req)) {
    request.emplace();
    std::memcpy(&*request, bytes.data(), sizeof *request);
  }
  if (kind == message_kind::serialized) {
    request = parse_request(text.substr(0, text.find('}') + 1));  // nothing, if there is no end
  }
  if (kind == message_kind::text) return printable(bytes);
  if (!request) return "no such structure: " + printable(bytes);
  return fmt::format("imei={} imsi={} msisdn={}", printable(get(request->imei)),
                     printable(get(request->imsi)), printable(get(request->msisdn)));
}

std::size_t message_maker::size() const noexcept {
  return base_.size() + (numbered_ ? trailer_size : 0);
}

void message_maker::make(std::string& message, std::uint64_t sender, std::uint64_t sequence) const {
  message = base_;
  if (!numbered_) return;
  fmt::format_to(std::back_inserter(message), "{}{:0{}}{}{:0{}}", sender_word, sender,
                 sender_digits, sequence_word, sequence, sequence_digits);
}

bool message_checker::check(const record_view& record) {
  const auto bytes = record.bytes();
  const std::string_view seen(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t size = base_.size() + (numbered_ ? trailer_size : 0);
  if (seen.size() != size) {
    return complain(record.message_number,
                    fmt::format("has {} bytes, expected {}", seen.size(), size));
  }
  if (!seen.starts_with(base_)) {
    const auto at = static_cast<std::size_t>(
        std::mismatch(base_.begin(), base_.end(), seen.begin()).first - base_.begin());
    return complain(record.message_number, fmt::format("byte {} is 0x{:02x}, expected 0x{:02x}", at,
                                                       static_cast<unsigned char>(seen[at]),
                                                       static_cast<unsigned char>(base_[at])));
  }
  return !numbered_ || check_numbering(record.message_number, seen.substr(base_.size()));
}

bool message_checker::check_numbering(std::int64_t number, std::string_view trailer) {
  constexpr std::size_t sequence_at = sender_word.size() + sender_digits;
  const auto sender =
      parse_number<std::uint64_t>(trailer.substr(sender_word.size(), sender_digits));
  const auto sequence =
      parse_number<std::uint64_t>(trailer.substr(sequence_at + sequence_word.size()));
  if (!trailer.starts_with(sender_word) ||
      trailer.substr(sequence_at, sequence_word.size()) != sequence_word || !sender || !sequence) {
    return complain(number, fmt::format("its numbering is unreadable: '{}'", trailer));
  }
  const auto [known, first] = last_of_sender_.try_emplace(*sender, *sequence);
  if (!first) {
    // Refused or overwritten messages leave holes; none may come twice or out of order.
    if (*sequence <= known->second) {
      return complain(number,
                      fmt::format("sender {} sent {} after {}", *sender, *sequence, known->second));
    }
    known->second = *sequence;
  }
  return true;
}

bool message_checker::complain(std::int64_t number, std::string sentence) {
  if (++wrong_ == 1) first_wrong_ = fmt::format("message {}: {}", number, sentence);
  return false;
}

}  // namespace shmfifo::apps
