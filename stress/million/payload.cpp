// SPDX-License-Identifier: MIT
#include "payload.hpp"

#include <string>

namespace shmfifo::million {
namespace {

// The original's structured message.
struct check_imei_req {
  char imei[16] = "254784512658411";
  char imsi[16] = "214021245145781";
  char msisdn[19] = "123456987412547896";
};
static_assert(sizeof(check_imei_req) == size_of(kind::structured));

std::string sample_of(kind which) {
  switch (which) {
    case kind::text: {
      std::string text;
      for (int i = 0; i < 32; ++i) text += "hola";
      return text + "adios";
    }
    case kind::structured: {
      const check_imei_req request;
      return {reinterpret_cast<const char*>(&request), sizeof request};
    }
    case kind::block_1024:
    case kind::word_8:
    case kind::block_64:
      break;
  }
  return std::string(size_of(which), 'x');
}

}  // namespace

payloads::payloads(kind which, char letter)
    : which_(which),
      size_(size_of(which)),
      stride_((size_ + 63) / 64 * 64),
      bytes_(stride_ * variants) {
  const std::string sample = sample_of(which);
  for (unsigned v = 0; v < variants; ++v) {
    std::byte* bytes = bytes_.data() + v * stride_;
    std::memcpy(bytes, sample.data(), size_);
    // One byte of every word identifies the variant (none ends the structured message).
    for (std::size_t i = letter_at; i < size_; i += 8)
      bytes[i] = static_cast<std::byte>(letter + static_cast<int>(v));
  }
}

}  // namespace shmfifo::million
