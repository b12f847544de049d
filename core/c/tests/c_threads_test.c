// SPDX-License-Identifier: MIT
// Goal: waits that other threads end, and threads that are cancelled (pthread_cancel), which must
// never unwind through the library. Method: wake-ups from a second thread, and every call with a
// cancellation pending, so that the first point at which it could act is met each time.
#include <pthread.h>

#include "support.h"

static void* wake_both(void* words) {
  void** roles = words;
  shmfifo_wake_producer(roles[0]);
  shmfifo_wake_consumer(roles[1]);
  return NULL;
}

static void G11_a_wait_is_ended_by_another_thread(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_WAIT, 1);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
  void* roles[2] = {producer, consumer};
  pthread_t waker;
  CHECK(pthread_create(&waker, NULL, wake_both, roles) == 0);
  CHECK(shmfifo_wait(consumer, -1) == SHMFIFO_INTERRUPTED);
  CHECK(shmfifo_publish(producer, "a", 1, -1) == SHMFIFO_OK);
  CHECK(shmfifo_publish(producer, "b", 1, -1) == SHMFIFO_INTERRUPTED);
  CHECK(pthread_join(waker, NULL) == 0);
  CHECK(shmfifo_last_number(producer) == 0 && shmfifo_wait(consumer, -1) == SHMFIFO_OK);
  shmfifo_close_producer(producer);
  shmfifo_close_consumer(consumer);
  shmfifo_close(segment);
}

// What the calls of one thread are made on, and that it came to their end.
struct stage {
  int step;
  int done;
  shmfifo_segment* segment;
  shmfifo_producer* producer;
  shmfifo_consumer* consumer;
  shmfifo_consumer* observer;
};

// Each call, or few that belong together; false if there are no more.
static int call_one(struct stage* on) {
  const int64_t moment = 3000000;  // ns
  switch (on->step) {
    case 0:
      on->segment = make_ring(SHMFIFO_WAIT, 1);
      return 1;
    case 1:
      shmfifo_close(shmfifo_attach(test_name(), 0, NULL));
      return 1;
    case 2:
      on->producer = shmfifo_attach_producer(on->segment, NULL);
      return 1;
    case 3:
      on->consumer = shmfifo_attach_consumer(on->segment, "c", SHMFIFO_OLDEST, 0, NULL);
      on->observer = shmfifo_attach_observer(on->segment, SHMFIFO_OLDEST, 0, NULL);
      return 1;
    case 4:
      CHECK(shmfifo_wait(on->consumer, moment) == SHMFIFO_TIMED_OUT);
      return 1;
    case 5:
      CHECK(shmfifo_wait(on->observer, moment) == SHMFIFO_TIMED_OUT);
      return 1;
    case 6:
      CHECK(shmfifo_publish(on->producer, "a", 1, moment) == SHMFIFO_OK);
      CHECK(shmfifo_publish(on->producer, "b", 1, moment) == SHMFIFO_TIMED_OUT);
      return 1;
    case 7:
      CHECK(shmfifo_stat(on->segment, NULL, NULL, 0, NULL, NULL) == 0);
      CHECK(shmfifo_recover(on->segment, NULL, NULL) == 0);
      return 1;
    case 8:
      shmfifo_close_producer(on->producer);
      return 1;
    case 9:
      shmfifo_close_consumer(on->consumer);
      shmfifo_close_consumer(on->observer);
      CHECK(shmfifo_forget(on->segment, "c", NULL) == 0);
      return 1;
    case 10:
      shmfifo_close(on->segment);
      CHECK(shmfifo_remove(test_name(), NULL) == 0);
      return 1;
    default:
      return 0;
  }
}

// The cancellation is pending: the first cancellation point that is not guarded would end the call.
static void* call_cancelled(void* words) {
  struct stage* on = words;
  CHECK(pthread_cancel(pthread_self()) == 0);
  if (call_one(on)) ++on->done;
  pthread_testcancel();
  return NULL;
}

static void G11_no_call_is_a_cancellation_point(void) {
  struct stage on = {0};
  for (; on.done == on.step; ++on.step) {
    pthread_t caller;
    void* end = NULL;
    CHECK(pthread_create(&caller, NULL, call_cancelled, &on) == 0);
    CHECK(pthread_join(caller, &end) == 0 && end == PTHREAD_CANCELED);
  }
  CHECK(on.done == 11);
}

static void* wait_for_ever(void* consumer) {
  CHECK(shmfifo_wait(consumer, -1) == SHMFIFO_INTERRUPTED);
  pthread_testcancel();
  return NULL;
}

static void G11_a_cancelled_wait_ends_by_its_wake(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 1);
  for (int observes = 0; observes < 2; ++observes) {
    shmfifo_consumer* consumer =
        observes ? shmfifo_attach_observer(segment, SHMFIFO_OLDEST, 0, NULL)
                 : shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
    pthread_t waiting;
    void* end = NULL;
    CHECK(pthread_create(&waiting, NULL, wait_for_ever, consumer) == 0);
    CHECK(pthread_cancel(waiting) == 0);
    shmfifo_wake_consumer(consumer);
    CHECK(pthread_join(waiting, &end) == 0 && end == PTHREAD_CANCELED);
    shmfifo_close_consumer(consumer);
  }
  shmfifo_close(segment);
}

static const struct test tests[] = {TEST(G11_a_wait_is_ended_by_another_thread),
                                    TEST(G11_no_call_is_a_cancellation_point),
                                    TEST(G11_a_cancelled_wait_ends_by_its_wake)};

int main(int count, char** words) {
  return run_test(tests, sizeof tests / sizeof *tests, count, words);
}
