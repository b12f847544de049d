// SPDX-License-Identifier: MIT
// Goal: participants, records and the answers about them cross the C interface as they are, and
// what a call has no value for stays. Method: each member has a value of its own; what comes back
// is compared whole, also with the pattern that was there before.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "support.h"

// What a function must not touch holds this.
enum { pattern = 0x5a };

static int holds_pattern(const void* place, size_t size) {
  const unsigned char* bytes = place;
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != pattern) return 0;
  }
  return 1;
}

// ---- participants -------------------------------------------------------------------------------

static void each_member_of_a_participant_arrives(void) {
  const char* const long_name = "a-cursor-name-of-all-the-35-letters";
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* near = shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
  shmfifo_consumer* far = shmfifo_attach_consumer(segment, long_name, SHMFIFO_OLDEST, 0, NULL);
  CHECK(producer != NULL && near != NULL && far != NULL);
  for (int i = 0; i < 4; ++i) CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
  char byte;
  shmfifo_record record;
  for (int i = 0; i < 3; ++i) CHECK(shmfifo_read(near, &record, &byte, 1).answer == SHMFIFO_OK);
  CHECK(shmfifo_wait(near, 0) == SHMFIFO_OK);  // releases the third
  const uint32_t self = (uint32_t)getpid();
  shmfifo_participant expected[3] = {
      {.index = 0, .kind = SHMFIFO_IS_PRODUCER, .pid = self, .alive = 1},
      {.index = 1, .kind = SHMFIFO_IS_CONSUMER, .pid = self, .alive = 1, .cursor = 3, .lag = 1},
      {.index = 2, .kind = SHMFIFO_IS_DURABLE, .pid = self, .alive = 1, .lag = 4, .holds_back = 1}};
  strcpy(expected[2].name, long_name);
  for (size_t capacity = 0; capacity < 6; ++capacity) {
    shmfifo_participant lines[5];
    memset(lines, pattern, sizeof lines);
    size_t count = 99;
    CHECK(shmfifo_stat(segment, NULL, lines, capacity, &count, NULL) == 0 && count == 3);
    const size_t shown = capacity < 3 ? capacity : 3;
    for (size_t i = 0; i < shown; ++i) {
      CHECK(lines[i].cursor == expected[i].cursor && lines[i].lag == expected[i].lag);
      CHECK(lines[i].index == expected[i].index && lines[i].pid == expected[i].pid);
      CHECK(lines[i].kind == expected[i].kind && lines[i].alive == expected[i].alive);
      CHECK(lines[i].holds_back == expected[i].holds_back);
      CHECK(memcmp(lines[i].name, expected[i].name, sizeof lines[i].name) == 0);
    }
    CHECK(holds_pattern(lines + shown, sizeof lines - shown * sizeof *lines));
  }
  shmfifo_close_consumer(far);
  shmfifo_close_consumer(near);
  shmfifo_close_producer(producer);
  shmfifo_participant left;
  size_t count = 0;
  CHECK(shmfifo_stat(segment, NULL, &left, 1, &count, NULL) == 0 && count == 1);
  CHECK(left.index == 2 && left.pid == 0 && !left.alive && strcmp(left.name, long_name) == 0);
  shmfifo_close(segment);
}

static void G6_G7_recover_counts_what_it_freed(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  int ready[2];
  CHECK(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    shmfifo_segment* own = shmfifo_attach(test_name(), 0, NULL);
    CHECK(shmfifo_attach_producer(own, NULL) && shmfifo_attach_consumer(own, NULL, 0, 0, NULL));
    CHECK(write(ready[1], "r", 1) == 1);
    for (;;) pause();
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1 && kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, NULL, 0) == child && close(ready[0]) == 0 && close(ready[1]) == 0);
  uint32_t freed = 99;
  CHECK(shmfifo_recover(segment, &freed, NULL) == 0 && freed == 2);
  CHECK(shmfifo_recover(segment, NULL, NULL) == 0);
  CHECK(shmfifo_recover(segment, &freed, NULL) == 0 && freed == 0);
  shmfifo_close(segment);
}

static void a_reader_starts_where_it_is_told(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_OVERWRITE, 8);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  for (int i = 0; i < 11; ++i) CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
  const struct {
    int start;
    int64_t number, position;
  } starts[] = {{SHMFIFO_OLDEST, 7, 3}, {SHMFIFO_LATEST, 7, 11}, {SHMFIFO_NUMBER, 7, 7}};
  for (int i = 0; i < 3; ++i) {
    shmfifo_consumer* readers[] = {
        shmfifo_attach_consumer(segment, NULL, starts[i].start, starts[i].number, NULL),
        shmfifo_attach_observer(segment, starts[i].start, starts[i].number, NULL)};
    for (int k = 0; k < 2; ++k) {
      CHECK(readers[k] != NULL && shmfifo_position(readers[k]) == starts[i].position);
      shmfifo_close_consumer(readers[k]);
    }
  }
  shmfifo_error error;
  const int bad[] = {-1, 3};
  for (int i = 0; i < 2; ++i) {
    char words[60];
    snprintf(words, sizeof words, "start: found %d, expected 0 to 2", bad[i]);
    CHECK(shmfifo_attach_observer(segment, bad[i], 0, &error) == NULL);
    CHECK(error.code == EINVAL && strcmp(error.text, words) == 0);
    CHECK(shmfifo_attach_consumer(segment, NULL, bad[i], 0, &error) == NULL);
    CHECK(error.code == EINVAL && strcmp(error.text, words) == 0);
  }
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

// ---- messages -----------------------------------------------------------------------------------

struct copy {
  int calls;
  int go_on;  // what the handler returns
  shmfifo_record last;
};
static int keep(const shmfifo_record* record, void* user) {
  struct copy* copy = user;
  ++copy->calls;
  copy->last = *record;
  return copy->go_on;
}
static int is_answer(shmfifo_poll_result seen, int32_t answer, int64_t first, int64_t count) {
  const shmfifo_poll_result wanted = {first, count, answer, 0};
  return memcmp(&seen, &wanted, sizeof wanted) == 0;
}

static void G4_each_member_of_a_record_arrives(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 8);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
  for (int i = 0; i < 6; ++i) {
    CHECK(shmfifo_try_publish(producer, "0123456789", i) == SHMFIFO_OK);
    CHECK(shmfifo_mark(segment, i, (int8_t)(i - 4)) == SHMFIFO_OK);
  }
  struct copy copy = {.go_on = 0};
  CHECK(is_answer(shmfifo_poll(consumer, keep, &copy, 9), SHMFIFO_OK, 0, 1) && copy.calls == 1);
  copy.go_on = -1;  // any number but zero goes on
  CHECK(is_answer(shmfifo_poll(consumer, keep, &copy, 2), SHMFIFO_OK, 1, 2) && copy.calls == 3);
  CHECK(copy.last.value_length == 2 && copy.last.message_number == 2 && copy.last.status == -2);
  CHECK(memcmp(copy.last.content, "01", 2) == 0);
  CHECK((uintptr_t)copy.last.content % SHMFIFO_CONTENT_ALIGNMENT == 0);
  CHECK(shmfifo_position(consumer) == 3);
  char buffer[8];
  shmfifo_record record;
  memset(buffer, pattern, sizeof buffer);
  CHECK(is_answer(shmfifo_read(consumer, &record, buffer, 2), SHMFIFO_OK, 3, 1));
  CHECK(record.value_length == 3 && record.message_number == 3 && record.status == -1);
  CHECK(record.content == buffer && memcmp(buffer, "01", 2) == 0 && holds_pattern(buffer + 2, 6));
  CHECK(is_answer(shmfifo_read(consumer, &record, NULL, 0), SHMFIFO_OK, 4, 1));
  CHECK(record.value_length == 4 && record.content == NULL && record.status == 0);
  CHECK(is_answer(shmfifo_read(consumer, &record, buffer, 8), SHMFIFO_OK, 5, 1));
  CHECK(record.status == 1 && memcmp(buffer, "01234", 5) == 0 && holds_pattern(buffer + 5, 3));
  memset(&record, pattern, sizeof record);
  CHECK(is_answer(shmfifo_read(consumer, &record, buffer, 8), SHMFIFO_EMPTY, 6, 0));
  CHECK(is_answer(shmfifo_poll(consumer, keep, &copy, 9), SHMFIFO_EMPTY, 6, 0) && copy.calls == 3);
  void* content;
  CHECK(shmfifo_claim(producer, &content, 0) == SHMFIFO_OK &&
        shmfifo_abort(producer) == SHMFIFO_OK);
  CHECK(shmfifo_last_number(producer) == 6);
  CHECK(is_answer(shmfifo_read(consumer, &record, buffer, 8), SHMFIFO_ABORTED, 6, 1));
  CHECK(holds_pattern(&record, sizeof record));  // only a message changes it
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void G5_lost_numbers_come_with_their_count(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_OVERWRITE, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  for (int i = 0; i < 9; ++i) CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
  shmfifo_consumer* reader = shmfifo_attach_observer(segment, SHMFIFO_NUMBER, 2, NULL);
  struct copy copy = {0};
  CHECK(is_answer(shmfifo_poll(reader, keep, &copy, 9), SHMFIFO_LOST, 2, 3) && copy.calls == 0);
  shmfifo_close_consumer(reader);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void G2_an_open_claim_stays_whatever_else_is_asked(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_WAIT, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  void* content = NULL;
  CHECK(shmfifo_claim(producer, &content, 0) == SHMFIFO_OK);
  CHECK((uintptr_t)content % SHMFIFO_CONTENT_ALIGNMENT == 0);
  memset(content, 'c', 64);  // all of it is the claim's
  void* other = &other;
  CHECK(shmfifo_claim(producer, &other, -1) == SHMFIFO_CLAIM_PENDING && other == &other);
  CHECK(shmfifo_publish(producer, "p", 1, -1) == SHMFIFO_CLAIM_PENDING);
  CHECK(shmfifo_try_publish(producer, "p", 1) == SHMFIFO_CLAIM_PENDING);
  CHECK(shmfifo_commit(producer, -1) == SHMFIFO_BAD_LENGTH);
  CHECK(shmfifo_commit(producer, INT64_MIN) == SHMFIFO_BAD_LENGTH);
  CHECK(shmfifo_last_number(producer) == -1);
  CHECK(shmfifo_commit(producer, 64) == SHMFIFO_OK && shmfifo_last_number(producer) == 0);
  CHECK(shmfifo_commit(producer, 0) == SHMFIFO_NO_CLAIM);
  CHECK(shmfifo_claim(producer, &content, 0) == SHMFIFO_OK);
  shmfifo_close_producer(producer);  // aborts it
  shmfifo_consumer* reader = shmfifo_attach_observer(segment, SHMFIFO_OLDEST, 0, NULL);
  struct copy copy = {.go_on = 1};
  CHECK(is_answer(shmfifo_poll(reader, keep, &copy, 9), SHMFIFO_OK, 0, 1));
  CHECK(copy.last.value_length == 64 && ((const char*)copy.last.content)[63] == 'c');
  CHECK(is_answer(shmfifo_poll(reader, keep, &copy, 9), SHMFIFO_ABORTED, 1, 1));
  shmfifo_close_consumer(reader);
  shmfifo_close(segment);
}

static const struct test tests[] = {TEST(each_member_of_a_participant_arrives),
                                    TEST(G6_G7_recover_counts_what_it_freed),
                                    TEST(a_reader_starts_where_it_is_told),
                                    TEST(G4_each_member_of_a_record_arrives),
                                    TEST(G5_lost_numbers_come_with_their_count),
                                    TEST(G2_an_open_claim_stays_whatever_else_is_asked)};

int main(int count, char** words) {
  return run_test(tests, sizeof tests / sizeof *tests, count, words);
}
