// SPDX-License-Identifier: MIT
// Defect: two locks in a shared mapping are taken in both orders. The threads run one after the
// other, so nothing ever hangs: the instrument has to see the order, not the accident.
#include <pthread.h>

#include <thread>

#include "shared_mapping.hpp"

int main() {
  const canaries::shared_file file;
  auto* locks = file.map<pthread_mutex_t>();
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  for (int i = 0; i < 2; ++i) pthread_mutex_init(&locks[i], &shared);
  const auto take = [locks](int first, int second) {
    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[second]);
    pthread_mutex_unlock(&locks[second]);
    pthread_mutex_unlock(&locks[first]);
  };
  std::thread(take, 0, 1).join();
  std::thread(take, 1, 0).join();
  return canaries::came_to_the_end();
}
