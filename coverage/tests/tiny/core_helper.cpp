// SPDX-License-Identifier: MIT
// Goal: what children of the core's tests do is counted however they end. Method: one child for
// each end, with the helpers of those tests.
#include <sys/wait.h>

#include <functional>

#include "core/product.hpp"
#include "shmfifo/harness/support/coverage.hpp"

namespace testing = shmfifo::testing;

pid_t start(const std::function<void()>& body) {
  const pid_t child = testing::fork_counted();
  if (child == 0) body();
  return child;
}

int main() {
  int tell[2];
  if (run_to_the_end(0) != 1 || ::pipe(tell) != 0) return 1;
  const pid_t exits = start([] { testing::exit_child(run_before_exit(-2)); });
  const pid_t kills_itself = start([] {
    if (run_before_own_sigkill(0) == 3) testing::kill_self();
  });
  const pid_t killed = start([&] {
    const char c = run_before_sigkill_of_parent(1) == 5 ? 'y' : 'n';
    static_cast<void>(!::write(tell[1], &c, 1));
    for (;;) ::pause();
  });
  char answer = 0;
  if (::read(tell[0], &answer, 1) != 1 || answer != 'y') return 1;
  testing::kill_process(killed);
  int first = 0, second = 0, third = 0;
  ::waitpid(exits, &first, 0);
  ::waitpid(kills_itself, &second, 0);
  ::waitpid(killed, &third, 0);
  const auto by_sigkill = [](int s) { return WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL; };
  return first == 0 && by_sigkill(second) && by_sigkill(third) ? 0 : 1;
}
