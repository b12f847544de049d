// SPDX-License-Identifier: MIT
// Goal: a timeout of the C interface is in nanoseconds from now; a negative one never ends, nor
// does one that reaches beyond the end of the clock; zero never waits. Method: under a clock that
// only sleeping moves (core/tests/support/virtual_clock.c) each wait is measured exactly, and one
// without an end is ended by a signal after a minute.
#include <signal.h>

#include "../../tests/support/virtual_clock.h"
#include "support.h"

static const int64_t minute = INT64_C(60000000000);
static const int64_t day = INT64_C(86400000000000);
static shmfifo_producer* producer;
static shmfifo_consumer* consumer;
static shmfifo_consumer* observer;

// Each call that waits. The consumer's comes last: it releases the message.
enum { publishing, claiming, observing, consuming, calls };
static int waiting;  // the call that is to be ended

static void wake(int number) {
  (void)number;
  if (waiting == observing) shmfifo_wake_consumer(observer);
  if (waiting == consuming) shmfifo_wake_consumer(consumer);
  if (waiting < observing) shmfifo_wake_producer(producer);
}

// A full ring with one message, which the observer and the consumer have read and only the
// consumer has not released.
static shmfifo_segment* make_full_ring(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_WAIT, 1);
  producer = shmfifo_attach_producer(segment, NULL);
  consumer = shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
  CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
  observer = shmfifo_attach_observer(segment, SHMFIFO_LATEST, 0, NULL);
  return segment;
}

static shmfifo_status wait_by(int call, int64_t timeout_ns) {
  void* content;
  char byte;
  shmfifo_record record;
  switch (call) {
    case publishing:
      return shmfifo_publish(producer, "p", 1, timeout_ns);
    case claiming:
      return shmfifo_claim(producer, &content, timeout_ns);
    case observing:
      return shmfifo_wait(observer, timeout_ns);
    default:
      shmfifo_read(consumer, &record, &byte, 1);
      return shmfifo_wait(consumer, timeout_ns);
  }
}

static void G11_a_timeout_is_as_many_nanoseconds_as_it_says(void) {
  shmfifo_segment* segment = make_full_ring();
  const int64_t lengths[] = {0, 1, 999, 1000000, 20000000, 20000001, 5000000000, 60000000000};
  for (int call = 0; call < calls; ++call) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
      const int64_t before = virtual_clock_now();
      const int writes = call == publishing || call == claiming;
      const shmfifo_status wanted = writes && lengths[i] == 0 ? SHMFIFO_FULL : SHMFIFO_TIMED_OUT;
      CHECK(wait_by(call, lengths[i]) == wanted);
      CHECK(virtual_clock_now() - before == lengths[i]);
    }
  }
  shmfifo_close_consumer(observer);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void G11_a_negative_or_endless_timeout_never_ends(void) {
  shmfifo_segment* segment = make_full_ring();
  struct sigaction action = {.sa_handler = wake};
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  const int64_t lengths[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX - 1, INT64_MAX - day, 4 * day};
  for (waiting = 0; waiting < calls; ++waiting) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
      char signals[60];
      const int64_t end = virtual_clock_now() + minute;
      snprintf(signals, sizeof signals, "%d %lld", SIGUSR1, (long long)end);
      virtual_clock_raise(signals);
      CHECK(wait_by(waiting, lengths[i]) == SHMFIFO_INTERRUPTED);
      CHECK(virtual_clock_now() >= end && virtual_clock_now() <= end + 20000000);
    }
  }
  shmfifo_close_consumer(observer);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static const struct test tests[] = {TEST(G11_a_timeout_is_as_many_nanoseconds_as_it_says),
                                    TEST(G11_a_negative_or_endless_timeout_never_ends)};

int main(int count, char** words) {
  return run_test(tests, sizeof tests / sizeof *tests, count, words);
}
