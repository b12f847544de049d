// SPDX-License-Identifier: MIT
#include "wrong_judges.hpp"

namespace shmfifo::harness::generated {
namespace {

template <class Change>
void change_events(const histories& logs, Change&& change) {
  for (unsigned r = 0; r < logs.receivers(); ++r) {
    for (std::size_t e = 0; e < logs.told(r).size(); ++e) change(logs.events(r)[e]);
  }
}
template <class Change>
void change_answers(const histories& logs, Change&& change) {
  for (unsigned p = 0; p < logs.senders(); ++p) {
    for (std::size_t s = 0; s < logs.answered(p).size(); ++s) change(logs.answers(p)[s]);
  }
}
template <class Change>
void change_kills(const histories& logs, Change&& change) {
  for (unsigned p = 0; p < logs.senders(); ++p) change(logs.sender(p).kills);
  for (unsigned r = 0; r < logs.receivers(); ++r) change(logs.receiver(r).kills);
}

verdict forgives_no_receiver(const histories& logs, judge_figures* figures) {
  change_events(logs, [](event& one) {
    if (one.kind == event_kind::attached && one.killed == 2) one.killed = 1;
  });
  return judge(logs, figures);
}
verdict forgives_every_receiver(const histories& logs, judge_figures* figures) {
  change_events(logs, [](event& one) {
    if (one.kind == event_kind::attached && one.killed == 1) one.killed = 2;
  });
  return judge(logs, figures);
}
verdict forgives_no_sender(const histories& logs, judge_figures* figures) {
  change_answers(logs, [](std::uint64_t& word) {
    if (word == answer::in_doubt) word = answer::not_sent;
  });
  return judge(logs, figures);
}
verdict expects_what_is_in_doubt(const histories& logs, judge_figures* figures) {
  change_answers(logs, [&](std::uint64_t& word) {
    if (word == answer::in_doubt && !logs.facts().promises.numbered) word = answer::sent_unnumbered;
  });
  return judge(logs, figures);
}
verdict doubts_what_was_sent(const histories& logs, judge_figures* figures) {
  change_answers(logs, [](std::uint64_t& word) {
    if (answer::is_sent(word)) word = answer::in_doubt;
  });
  return judge(logs, figures);
}
verdict excuses_no_death(const histories& logs, judge_figures* figures) {
  logs.facts().promises.recoverable = true;
  return judge(logs, figures);
}
verdict excuses_every_end(const histories& logs, judge_figures* figures) {
  logs.facts().promises.recoverable = false;
  change_kills(logs, [](std::uint32_t& kills) { ++kills; });
  return judge(logs, figures);
}
verdict excuses_pauses(const histories& logs, judge_figures* figures) {
  if (logs.sender(0).stops != 0) logs.facts().promises.recoverable = false, ++logs.sender(0).kills;
  return judge(logs, figures);
}
verdict forgets_releases(const histories& logs, judge_figures* figures) {
  change_events(logs, [](event& one) {
    if (one.kind == event_kind::attached) one.identity = 0;
  });
  return judge(logs, figures);
}
verdict forgets_cursors(const histories& logs, judge_figures* figures) {
  logs.facts().promises.durable = false;
  return judge(logs, figures);
}
verdict counts_no_loss(const histories& logs, judge_figures* figures) {
  change_events(logs, [](event& one) {
    if (one.kind == event_kind::lost && one.number < 0) one.identity = 0;
  });
  return judge(logs, figures);
}
verdict compares_no_receivers(const histories& logs, judge_figures* figures) {
  logs.facts().promises.divergent = true;
  return judge(logs, figures);
}
verdict asks_for_order(const histories& logs, judge_figures* figures) {
  logs.facts().promises.unordered = false;
  return judge(logs, figures);
}
verdict asks_for_no_order(const histories& logs, judge_figures* figures) {
  logs.facts().promises.unordered = true;
  return judge(logs, figures);
}
verdict asks_for_one_order(const histories& logs, judge_figures* figures) {
  logs.facts().promises.divergent = false;
  return judge(logs, figures);
}
verdict asks_for_what_was_buffered(const histories& logs, judge_figures* figures) {
  logs.facts().promises.buffered = false;
  return judge(logs, figures);
}
verdict takes_all_for_buffered(const histories& logs, judge_figures* figures) {
  logs.facts().promises.buffered = true;
  return judge(logs, figures);
}
verdict believes_every_byte(const histories& logs, judge_figures* figures) {
  change_events(logs, [](event& one) { one.sound = 1; });
  return judge(logs, figures);
}
verdict looks_at_one_half(const histories& logs, judge_figures* figures) {
  for (unsigned r = 0; r < logs.receivers(); ++r) {
    logs.receiver(r).logged = logs.receiver(r).logged / 2;
    logs.receiver(r).now = stage::running;
  }
  return judge(logs, figures);
}
verdict accepts_everything(const histories&, judge_figures*) {
  return {outcome::ok, rule::none, ""};
}
verdict decides_nothing(const histories&, judge_figures*) {
  return {outcome::unknown, rule::none, ""};
}

constexpr wrong_judge faulty_judges[] = {
    {"forgives no receiver killed in the call", mistake::false_accusation, forgives_no_receiver},
    {"forgives every killed receiver", mistake::missed_defect, forgives_every_receiver},
    {"forgives no sender killed in the call", mistake::false_accusation, forgives_no_sender},
    {"expects what is in doubt", mistake::false_accusation, expects_what_is_in_doubt},
    {"doubts what was sent", mistake::missed_defect, doubts_what_was_sent},
    {"excuses no death", mistake::false_accusation, excuses_no_death},
    {"excuses every end", mistake::missed_defect, excuses_every_end},
    {"excuses pauses", mistake::missed_defect, excuses_pauses},
    {"forgets releases", mistake::missed_defect, forgets_releases},
    {"forgets cursors", mistake::false_accusation, forgets_cursors},
    {"counts no loss", mistake::false_accusation, counts_no_loss},
    {"compares no receivers", mistake::missed_defect, compares_no_receivers},
    {"asks for order", mistake::false_accusation, asks_for_order},
    {"asks for no order", mistake::missed_defect, asks_for_no_order},
    {"asks for one order", mistake::false_accusation, asks_for_one_order},
    {"asks for what was buffered", mistake::false_accusation, asks_for_what_was_buffered},
    {"takes all for buffered", mistake::missed_defect, takes_all_for_buffered},
    {"believes every byte", mistake::missed_defect, believes_every_byte},
    {"looks at one half", mistake::missed_defect, looks_at_one_half},
    {"accepts everything", mistake::missed_end, accepts_everything},
    {"decides nothing", mistake::needless_doubt, decides_nothing},
};

}  // namespace

std::span<const wrong_judge> wrong_judges() noexcept {
  return faulty_judges;
}

}  // namespace shmfifo::harness::generated
