// SPDX-License-Identifier: MIT
#pragma once
// The words that command lines and summaries have for the library's values. Kept out of cli.hpp so
// that files which only need these words do not compile CLI11.

#include <string>
#include <utility>
#include <vector>

#include "shmfifo/protocol/layout.hpp"

namespace shmfifo::apps {

// Words for values, in the order in which help shows them.
template <class T>
using choices = std::vector<std::pair<std::string, T>>;

inline const choices<segment_mode> mode_words{{"log", segment_mode::log},
                                              {"ring", segment_mode::ring}};
inline const choices<full_policy> policy_words{{"reject", full_policy::reject},
                                               {"wait", full_policy::wait},
                                               {"overwrite", full_policy::overwrite}};
inline const choices<producer_role> role_words{{"single", producer_role::single},
                                               {"many", producer_role::many}};
inline const choices<participant_kind> participant_words{{"producer", participant_kind::producer},
                                                         {"consumer", participant_kind::consumer},
                                                         {"cursor", participant_kind::durable}};

template <class T>
[[nodiscard]] std::string word_for(const choices<T>& words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return "unknown";
}

}  // namespace shmfifo::apps
