// SPDX-License-Identifier: MIT
#pragma once
// The steps of the actors of a simulated run.

#include "simulation.hpp"

namespace shmfifo::harness::generated {

class simulator {
 public:
  simulator(const scenario& run, choices& from);
  void play();
  [[nodiscard]] simulated_run finished() &&;

 private:
  // -- the run
  void turn();
  [[nodiscard]] bool all_over() const noexcept;
  void end(run_end why);
  void announce_end() noexcept;
  [[nodiscard]] bool senders_over() const noexcept;
  [[nodiscard]] bool fails() noexcept;
  [[nodiscard]] bool strikes(defect which) noexcept;
  void mark(unsigned receiver, std::size_t at);

  // -- senders
  [[nodiscard]] bool can_step(const model_sender& who) const noexcept;
  void step(model_sender& who);
  void begin(model_sender& who);
  void claim(model_sender& who);
  void refuse(model_sender& who);
  void commit_own(model_sender& who, std::size_t keep);
  void log(model_sender& who);
  void kill(model_sender& who);
  void add_unsound_place(unsigned owner);
  [[nodiscard]] std::uint64_t answer_of(const model_sender& who);

  // -- receivers
  [[nodiscard]] bool can_step(const model_receiver& who) const noexcept;
  void step(model_receiver& who);
  void log_attach(model_receiver& who);
  void attach(model_receiver& who);
  void begin_anywhere(model_receiver& who);
  void resume_wrongly(model_receiver& who);
  void take(model_receiver& who);
  void take_nothing(model_receiver& who);
  [[nodiscard]] delivery next_delivery(model_receiver& who);
  [[nodiscard]] bool skip_by_defect(model_receiver& who, const delivery& what);
  [[nodiscard]] delivery changed_by_defect(model_receiver& who, const delivery& what);
  [[nodiscard]] bool may_swap(const model_receiver& who, std::size_t at) const noexcept;
  void log(model_receiver& who);
  [[nodiscard]] event message_event(model_receiver& who, std::size_t at);
  void append(model_receiver& who, const event& entry, std::size_t at);
  void after_leave(model_receiver& who);
  void kill(model_receiver& who);
  // What is taken from it is gone for others, and after a kill.
  [[nodiscard]] bool shares_cursor(const model_receiver& who) const noexcept {
    return !run_.shape.promises.broadcast && !who.observer && !who.resumes;
  }
  [[nodiscard]] unsigned index_of(const model_receiver& who) const noexcept {
    return static_cast<unsigned>(&who - receivers_.data());
  }
  [[nodiscard]] unsigned index_of(const model_sender& who) const noexcept {
    return static_cast<unsigned>(&who - senders_.data());
  }

  scenario run_;
  choices& choices_;
  histories logs_;
  content_source content_;
  model_queue queue_;
  std::vector<cursor> cursors_;
  std::vector<cursor*> holding_;  // those that may hold senders back
  std::vector<model_sender> senders_;
  std::vector<model_receiver> receivers_;
  std::vector<scar> scars_;
  std::size_t chances_left_;
  bool struck_ = false;
  bool announced_ = false;
  bool ended_ = false;
};

}  // namespace shmfifo::harness::generated
