// SPDX-License-Identifier: MIT
// Goal: what actors of the harness do is counted however they end. Method: one for each end,
// started and killed as the supervisor does it.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/product.hpp"
#include "shmfifo/harness/support/child.hpp"

using namespace shmfifo::harness;

int main() {
  int tell[2];
  if (run_to_the_end(0) != 1 || ::pipe(tell) != 0) return 1;
  const pid_t exits = start_child([] { return run_before_exit(-2); });
  const pid_t kills_itself = start_child([] {
    if (run_before_own_sigkill(0) == 3) kill_self();
    return 1;
  });
  const pid_t killed = start_child([&]() -> int {
    const char c = run_before_sigkill_of_parent(1) == 5 ? 'y' : 'n';
    static_cast<void>(!::write(tell[1], &c, 1));
    for (;;) ::pause();
  });
  char answer = 0;
  if (::read(tell[0], &answer, 1) != 1 || answer != 'y') return 1;
  kill_process(killed);
  const int first = reap(exits);
  const int second = reap(kills_itself);
  const int third = reap(killed);
  const auto by_sigkill = [](int s) { return WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL; };
  return first == 0 && by_sigkill(second) && by_sigkill(third) ? 0 : 1;
}
