// SPDX-License-Identifier: MIT
#include "aftermath.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <vector>

#include "follower.hpp"
#include "possessions.hpp"

namespace shmfifo::harness::crash {

// The handles with which the judge follows the stream to the end. Order of members: followers are
// destroyed first.
class court {
 public:
  court(world& scene, const control_page& control, const aftermath_options& options)
      : scene_(scene), what_(scene.what()), control_(control), options_(options) {
    for (std::int64_t n = 0; n < what_.published; ++n) {
      book_.promise(n, {author::past, static_cast<std::uint32_t>(n)});
    }
  }

  void judge(bool survived) {
    find_segment();
    read_death(survived);
    survived_ = survived;
    if (what_.expects_room && !survived) check_room();
    if (options_.newcomers_first) newcomers_arrive();
    resume_kept();
    peers_go_on();
    newcomers_go_on();
    check_committed();
    recover_twice();
    clean_exit();
    if (what_.shape.mode == segment_mode::ring) pass_many();
  }

  void act_meanwhile();

 private:
  [[nodiscard]] const layout_view& view() { return scene_.home()->view(); }
  [[nodiscard]] std::int64_t lap() const {
    return static_cast<std::int64_t>(what_.shape.slot_count) + 1;
  }
  [[nodiscard]] bool kept_may_exist() const {
    return what_.durable || what_.operation == "attach_named" || what_.operation == "detach_named";
  }

  void find_segment();
  void read_death(bool survived);
  void check_room();
  void resume_kept();
  void peers_go_on();
  void newcomers_arrive();
  void newcomers_go_on();
  void check_committed();
  void recover_twice();
  void clean_exit();
  void pass_many();

  void others_try();

  producer& newcomer() {
    if (!fresh_producer_) fresh_producer_.emplace(must(scene_.home()->attach_producer()));
    return *fresh_producer_;
  }
  void start_peer() {
    if (scene_.consumer_peer && !peer_) peer_.emplace(*scene_.consumer_peer, book_, what_, view());
  }
  void follow_softly() {
    for (auto* reader : {&peer_, &fresh_, &kept_}) {
      if (*reader) (*reader)->follow_while_it_flows();
    }
  }
  void all_follow(std::int64_t until) {
    for (auto* reader : {&peer_, &fresh_, &kept_}) {
      if (*reader) (*reader)->follow(until);
    }
  }
  // At most `count` messages; fewer if a log is full.
  void publish(producer& out, author who, std::int64_t count) {
    std::uint32_t& sequence = sequences_[static_cast<std::size_t>(who)];
    for (std::int64_t i = 0; i < count; ++i) {
      if (!publish_one(out, who, sequence)) return;
      if (!what_.lossy() || i % 2 == 0) all_follow(book_.end());
    }
    all_follow(book_.end());
  }
  bool publish_one(producer& out, author who, std::uint32_t& sequence);

  world& scene_;
  const scenario& what_;
  const control_page& control_;
  aftermath_options options_;
  ledger book_;
  std::vector<std::int64_t> committed_;
  std::int64_t read_by_somebody_ = 0;
  bool removed_ = false;
  bool survived_ = false;
  std::array<std::uint32_t, 5> sequences_{};
  // Enough to take every line that a dead process may have had.
  static constexpr unsigned occupants_wanted = 3;
  std::vector<producer> occupants_;
  std::optional<producer> fresh_producer_;
  std::optional<consumer> fresh_consumer_;
  std::optional<consumer> kept_consumer_;
  std::optional<follower> peer_;
  std::optional<follower> fresh_;
  std::optional<follower> kept_;
};

bool court::publish_one(producer& out, author who, std::uint32_t& sequence) {
  message_buffer buffer;
  const byte_view bytes = write_message(who, sequence, buffer);
  for (unsigned tries = 0; tries < fruitless_tries; ++tries) {
    const status answer = out.try_publish(bytes);
    if (answer == status::ok) {
      book_.promise(out.last_number(), {who, sequence++});
      return true;
    }
    if (answer != status::full) {
      throw violation("a living producer was answered `" + std::string(to_string(answer)) + "`");
    }
    if (what_.shape.mode == segment_mode::log) return false;
    follow_softly();
  }
  throw violation("stuck: a living producer finds no room though every living reader made some");
}

void court::find_segment() {
  if (what_.removes_name || what_.makes_name) {
    auto again = segment::attach(scene_.name());
    if (!again && again.error().code != ENOENT) {
      throw violation("the name is neither free nor a segment: " + again.error().text);
    }
    if (!again) {
      // The name is free: it can be used again, and whoever has the old segment mapped keeps it.
      removed_ = scene_.home() != nullptr;
      static_cast<void>(must(segment::create(scene_.name(), what_.shape)));
      if (removed_) {
        must(segment::remove(scene_.name()));
      } else {
        book_ = {};
      }
    }
  }
  if (scene_.home() == nullptr) throw violation("the segment is gone");
}

void court::read_death(bool survived) {
  unsigned open = 0;
  for (std::uint64_t i = 0; i < what_.shape.slot_count; ++i) {
    const std::uint64_t stamp = stamp_of(view(), i);
    const auto number = static_cast<std::int64_t>(stamp_number(stamp));
    const slot_state state = stamp_state(stamp);
    if (state == slot_state::published) {
      if (number >= what_.published) committed_.push_back(number);
    } else if (state != slot_state::free) {
      book_.allow_abort(number);
      ++open;
    }
  }
  read_by_somebody_ = what_.consumed;
  // After recovery, messages that a dead anonymous consumer had read are not kept for new readers.
  for (unsigned i = 0; options_.recovered && i < what_.shape.participant_count; ++i) {
    const auto cursor = static_cast<std::int64_t>(view().participant(i).consumer_cursor);
    read_by_somebody_ = std::max(read_by_somebody_, cursor);
  }
  if (survived) {
    if (what_.lossy()) book_.allow_any_abort();
  } else if (open > what_.may_take + (what_.corpses ? 1U : 0U)) {
    throw violation(std::to_string(open) + " numbers were taken and not committed, more than " +
                    std::to_string(what_.may_take) + " could be");
  }
}

// A lossless ring without readers must still take a whole lap after the numbers already read.
void court::check_room() {
  producer& out = scene_.producer_peer ? *scene_.producer_peer : newcomer();
  publish(out, author::peer, static_cast<std::int64_t>(what_.shape.slot_count));
}

void court::resume_kept() {
  if (!kept_may_exist()) return;
  consumer_options options;
  options.name = "kept";
  auto again = scene_.home()->attach_consumer(options);
  if (!again) throw violation("the named cursor cannot be attached: " + again.error().text);
  const std::int64_t position = again->position();
  const std::int64_t most = what_.consumed + static_cast<std::int64_t>(control_.delivered);
  if (what_.durable && what_.operation != "forget" &&
      (position < what_.consumed || position > most)) {
    throw violation("the named cursor resumed at " + std::to_string(position) + ", not in " +
                    std::to_string(what_.consumed) + ".." + std::to_string(most));
  }
  kept_consumer_.emplace(std::move(*again));
  kept_.emplace(*kept_consumer_, book_, what_, view());
}

void court::peers_go_on() {
  start_peer();
  if (!peer_) return;
  if (scene_.producer_peer) publish(*scene_.producer_peer, author::peer, lap());
  all_follow(book_.end());
}

// Recovers, and takes the lines of the dead, before anybody has read what they left.
void court::newcomers_arrive() {
  const segment home = removed_ ? *scene_.home() : must(segment::attach(scene_.name()));
  static_cast<void>(must(home.recover()));
  if (!scene_.producer_peer || !what_.single()) static_cast<void>(newcomer());
  for (unsigned i = 0; i < occupants_wanted && !what_.single(); ++i) {
    occupants_.push_back(must(home.attach_producer()));
  }
  fresh_consumer_.emplace(must(home.attach_consumer()));
  fresh_.emplace(*fresh_consumer_, book_, what_, view());
}

void court::newcomers_go_on() {
  const segment home = removed_ ? *scene_.home() : must(segment::attach(scene_.name()));
  if (!fresh_consumer_) fresh_consumer_.emplace(must(home.attach_consumer()));
  if (!fresh_) fresh_.emplace(*fresh_consumer_, book_, what_, view());
  // Once others have continued, messages that everybody had read may be overwritten.
  if (what_.gated() && !what_.expects_room && !peer_ && !survived_ && !options_.newcomers_first &&
      fresh_->next() > read_by_somebody_) {
    throw violation("a new reader begins at " + std::to_string(fresh_->next()) +
                    " and misses numbers from " + std::to_string(read_by_somebody_));
  }
  if (scene_.producer_peer && what_.single()) {
    auto second = home.attach_producer();
    if (second || second.error().code != EBUSY) {
      throw violation("a second producer was let in beside a living one");
    }
    publish(*scene_.producer_peer, author::peer, lap());
  } else {
    publish(newcomer(), author::fresh, lap());
  }
  all_follow(std::max(book_.end(), committed_.empty() ? 0 : committed_.back() + 1));
}

void court::check_committed() {
  for (const std::int64_t number : committed_) {
    if (!book_.seen(number) && !what_.lossy() && number >= what_.consumed && !what_.expects_room) {
      throw violation("number " + std::to_string(number) +
                      " was committed when the victim died and never delivered");
    }
  }
  book_.check_victim(control_, what_.lossy());
}

void court::recover_twice() {
  const segment home = *scene_.home();
  static_cast<void>(must(home.recover()));
  const picture once = scene_.take_picture();
  if (const unsigned again = must(home.recover()); again != 0) {
    throw violation("a second recovery found " + std::to_string(again) + " more to clear away");
  }
  if (scene_.take_picture() != once) throw violation("a second recovery changed the segment");
  for (const participant_stat& entry : must(home.stat()).participants) {
    if (!entry.alive && entry.kind != participant_kind::durable) {
      throw violation("recovery left a dead participant in line " + std::to_string(entry.index));
    }
  }
}

// All detach: only named cursors may remain.
void court::clean_exit() {
  const segment home = *scene_.home();
  for (auto* reader : {&peer_, &fresh_, &kept_}) reader->reset();
  fresh_consumer_.reset();
  kept_consumer_.reset();
  fresh_producer_.reset();
  occupants_.clear();
  scene_.producer_peer.reset();
  scene_.consumer_peer.reset();
  for (const participant_stat& entry : must(home.stat()).participants) {
    if (entry.kind != participant_kind::durable) {
      throw violation("line " + std::to_string(entry.index) + " is taken after all have left");
    }
    must(home.forget(entry.name));
  }
  if (!must(home.stat()).participants.empty()) throw violation("a forgotten cursor is still there");
}

// A long stream through the segment, without the ledger: numbers and bytes are checked on the way.
void court::pass_many() {
  if (options_.messages_after == 0) return;
  const segment home = *scene_.home();
  producer out = must(home.attach_producer());
  consumer_options latest;
  latest.start = start_at::latest();
  consumer in = must(home.attach_consumer(latest));
  message_buffer buffer;
  stream_check stream{in.position()};
  unsigned idle = 0;
  for (std::uint32_t sent = 0; stream.got < options_.messages_after;) {
    const byte_view bytes = write_message(author::fresh, sent, buffer);
    if (sent < options_.messages_after && out.try_publish(bytes) == status::ok) ++sent;
    const poll_result seen = in.poll([&](const record_view& record) { stream.see(record); });
    if (seen.answer != status::ok && seen.answer != status::empty) {
      throw violation("the stream afterwards is answered " + std::string(to_string(seen.answer)));
    }
    idle = seen.answer == status::ok ? 0 : idle + 1;
    if (idle > fruitless_polls) {
      throw violation("stuck: the stream afterwards ends at number " + std::to_string(stream.next));
    }
  }
}

// ---- while the victim is paused

void court::others_try() {
  const segment home = must(segment::attach(scene_.name()));
  start_peer();
  static_cast<void>(must(home.recover()));
  if (auto reader = home.attach_consumer()) {
    follower follows(*reader, book_, what_, view());
    follows.follow_while_it_flows(fruitless_polls);
  }
  message_buffer buffer;
  const auto try_to_publish = [&](producer& out, author who) {
    std::uint32_t& sequence = sequences_[static_cast<std::size_t>(who)];
    std::int64_t done = 0;
    for (unsigned tries = 0; tries < fruitless_tries / 2 && done < lap(); ++tries) {
      const byte_view bytes = write_message(who, sequence, buffer);
      if (out.try_publish(bytes) == status::ok) {
        book_.promise(out.last_number(), {who, sequence++});
        ++done;
      }
      if (peer_) peer_->follow_while_it_flows();
    }
  };
  if (scene_.producer_peer) try_to_publish(*scene_.producer_peer, author::peer);
  if (auto second = home.attach_producer()) try_to_publish(*second, author::fresh);
  if (peer_) peer_->follow_while_it_flows(fruitless_polls);
  static_cast<void>(must(home.recover()));
}

void court::act_meanwhile() {
  if (scene_.home() == nullptr) {
    // The victim has not made the segment yet: another process does, and the victim gets an error.
    static_cast<void>(must(segment::create(scene_.name(), what_.shape)));
    return;
  }
  if (!scene_.name_exists()) return;
  if (what_.lossy()) book_.allow_any_abort();
  const possessions before(*scene_.home(), book_);
  others_try();
  if (options_.long_wait) {
    wait_out_every_slice();
    others_try();
  }
  before.check_untouched();
}

aftermath::aftermath(world& scene, const control_page& control, const aftermath_options& options)
    : court_(std::make_unique<court>(scene, control, options)) {}
aftermath::~aftermath() = default;
void aftermath::act_meanwhile() {
  court_->act_meanwhile();
}
void aftermath::judge(bool survived) {
  court_->judge(survived);
}

}  // namespace shmfifo::harness::crash
