// SPDX-License-Identifier: MIT
// Goal: the C interface does what its header says, used from C. Method: each test is a function,
// run by its name; what it reads back is compared with what it wrote, and each kind of answer of
// set-up and of the hot path is provoked once. Expectations of the protocol itself are tested in
// C++; here it is the translation.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support.h"

struct seen {
  int count;
  int stop_after;
  char text[256];
};
static int collect(const shmfifo_record* record, void* user) {
  struct seen* seen = user;
  strncat(seen->text, record->content, (size_t)record->value_length);
  strcat(seen->text, ";");
  return ++seen->count != seen->stop_after;
}

static void G1_G2_G4_messages_come_out_as_they_went_in(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 8);
  shmfifo_segment* again = shmfifo_attach(test_name(), 0, NULL);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(again, NULL, SHMFIFO_OLDEST, 0, NULL);
  CHECK(producer != NULL && consumer != NULL && shmfifo_last_number(producer) == -1);
  shmfifo_close(segment);  // the roles keep what they need
  shmfifo_close(again);

  CHECK(shmfifo_try_publish(producer, "one", 3) == SHMFIFO_OK);
  CHECK(shmfifo_publish(producer, "two", 3, -1) == SHMFIFO_OK);
  CHECK(shmfifo_publish(producer, "three", 5, 0) == SHMFIFO_OK);
  CHECK(shmfifo_last_number(producer) == 2);
  CHECK(shmfifo_wait(consumer, 0) == SHMFIFO_OK);
  CHECK(shmfifo_wait(consumer, INT64_MAX) == SHMFIFO_OK);

  struct seen seen = {.stop_after = 2};
  shmfifo_poll_result result = shmfifo_poll(consumer, collect, &seen, 100);
  CHECK(result.answer == SHMFIFO_OK && result.first == 0 && result.count == 2);
  CHECK(strcmp(seen.text, "one;two;") == 0 && shmfifo_position(consumer) == 2);

  char buffer[2];
  shmfifo_record record;
  result = shmfifo_read(consumer, &record, buffer, sizeof buffer);  // shorter than the message
  CHECK(result.answer == SHMFIFO_OK && result.first == 2 && result.count == 1);
  CHECK(record.value_length == 5 && record.message_number == 2 && record.status == 0);
  CHECK(record.content == buffer && memcmp(buffer, "th", 2) == 0);
  result = shmfifo_read(consumer, &record, buffer, sizeof buffer);
  CHECK(result.answer == SHMFIFO_EMPTY && result.count == 0);
  CHECK(shmfifo_wait(consumer, 1000) == SHMFIFO_TIMED_OUT);
  shmfifo_close_producer(producer);
  CHECK(shmfifo_wait(consumer, 1000) == SHMFIFO_PEER_DEAD);
  shmfifo_close_consumer(consumer);
  shmfifo_close_consumer(NULL);
  CHECK(shmfifo_remove(test_name(), NULL) == 0 && access(test_path(), F_OK) != 0);
}

static void G5_a_full_ring_answers_by_its_policy(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_WAIT, 2);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  CHECK(shmfifo_try_publish(producer, "a", 1) == SHMFIFO_OK);
  CHECK(shmfifo_try_publish(producer, "b", 1) == SHMFIFO_OK);
  CHECK(shmfifo_try_publish(producer, "c", 1) == SHMFIFO_FULL);
  CHECK(shmfifo_publish(producer, "c", 1, 0) == SHMFIFO_FULL);
  CHECK(shmfifo_publish(producer, "c", 1, 1000) == SHMFIFO_PEER_DEAD);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, "", SHMFIFO_OLDEST, 0, NULL);
  CHECK(shmfifo_publish(producer, "c", 1, 1000) == SHMFIFO_TIMED_OUT);
  void* content = NULL;
  CHECK(shmfifo_claim(producer, &content, 0) == SHMFIFO_FULL && content == NULL);
  CHECK(shmfifo_claim(producer, &content, 1000) == SHMFIFO_TIMED_OUT && content == NULL);
  CHECK(shmfifo_try_publish(producer, "x", 65) == SHMFIFO_BAD_LENGTH);
  CHECK(shmfifo_try_publish(producer, "x", -1) == SHMFIFO_BAD_LENGTH);
  struct seen seen = {0};
  CHECK(shmfifo_poll(consumer, collect, &seen, 1).count == 1);
  CHECK(shmfifo_publish(producer, "c", 1, -1) == SHMFIFO_OK);
  CHECK(shmfifo_poll(consumer, collect, &seen, 9).count == 2 && strcmp(seen.text, "a;b;c;") == 0);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void G2_G4_a_claim_is_filled_in_place_and_committed_or_aborted(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_observer(segment, SHMFIFO_OLDEST, 0, NULL);
  void* content = NULL;
  CHECK(shmfifo_commit(producer, 1) == SHMFIFO_NO_CLAIM);
  CHECK(shmfifo_claim(producer, &content, -1) == SHMFIFO_OK);
  memcpy(content, "claimed", 7);
  CHECK(shmfifo_try_publish(producer, "x", 1) == SHMFIFO_CLAIM_PENDING);
  CHECK(shmfifo_commit(producer, 65) == SHMFIFO_BAD_LENGTH);
  CHECK(shmfifo_commit(producer, 7) == SHMFIFO_OK);
  CHECK(shmfifo_claim(producer, &content, 0) == SHMFIFO_OK);
  CHECK(shmfifo_abort(producer) == SHMFIFO_OK && shmfifo_abort(producer) == SHMFIFO_NO_CLAIM);
  struct seen seen = {0};
  CHECK(shmfifo_poll(consumer, collect, &seen, 9).count == 1 && strcmp(seen.text, "claimed;") == 0);
  const shmfifo_poll_result result = shmfifo_poll(consumer, collect, &seen, 9);
  CHECK(result.answer == SHMFIFO_ABORTED && result.first == 1 && result.count == 1);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void G7_a_named_cursor_resumes_and_is_seen_and_forgotten(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, "audit", SHMFIFO_LATEST, 0, NULL);
  for (int i = 0; i < 4; ++i) CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
  CHECK(shmfifo_mark(segment, 1, -7) == SHMFIFO_OK && shmfifo_mark(segment, 9, 1) == SHMFIFO_EMPTY);
  struct seen seen = {0};
  CHECK(shmfifo_poll(consumer, collect, &seen, 1).count == 1);
  shmfifo_close_consumer(consumer);
  CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);

  shmfifo_segment_stat stat;
  shmfifo_participant lines[4];
  size_t count = 0;
  CHECK(shmfifo_stat(segment, &stat, NULL, 0, &count, NULL) == 0 && count == 2);
  CHECK(shmfifo_stat(segment, NULL, lines, 4, NULL, NULL) == 0);
  CHECK(stat.mode == SHMFIFO_RING && stat.when_full == SHMFIFO_REJECT && stat.slot_count == 4);
  CHECK(stat.content_size == 64 && stat.producers == SHMFIFO_SINGLE && stat.producer_cursor == 5);
  CHECK(stat.participant_count == 4 && stat.segment_size % 4096 == 0 && stat.uid != 0);
  const shmfifo_participant* cursor = lines[0].kind == SHMFIFO_IS_DURABLE ? &lines[0] : &lines[1];
  CHECK(cursor->kind == SHMFIFO_IS_DURABLE && strcmp(cursor->name, "audit") == 0);
  CHECK(!cursor->alive && cursor->cursor == 1 && cursor->lag == 4 && cursor->holds_back);
  const shmfifo_participant* writer = cursor == &lines[0] ? &lines[1] : &lines[0];
  CHECK(writer->kind == SHMFIFO_IS_PRODUCER && writer->alive && writer->pid == (uint32_t)getpid());

  uint32_t freed = 9;
  CHECK(shmfifo_recover(segment, &freed, NULL) == 0 && freed == 0);
  consumer = shmfifo_attach_consumer(segment, "audit", SHMFIFO_OLDEST, 0, NULL);
  shmfifo_record record;
  char byte;
  CHECK(shmfifo_read(consumer, &record, &byte, 1).first == 1 && record.status == -7);
  shmfifo_error error;
  CHECK(shmfifo_forget(segment, "audit", &error) == EBUSY &&
        strcmp(error.rule, "cursor_name") == 0);
  shmfifo_close_consumer(consumer);
  CHECK(shmfifo_forget(segment, "audit", &error) == 0 && error.code == 0);
  CHECK(shmfifo_forget(segment, "audit", NULL) == ENOENT);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void expect(const shmfifo_error* error, int code, const char* rule, const char* words) {
  if (error->code != code || strcmp(error->rule, rule) != 0 || !strstr(error->text, words)) {
    fprintf(stderr, "found %d %s: %s\n", error->code, error->rule, error->text);
    exit(1);
  }
}

static void G9_G13_a_failure_tells_errno_rule_and_both_values(void) {
  shmfifo_error error;
  CHECK(shmfifo_attach(test_name(), 0, &error) == NULL);
  expect(&error, ENOENT, "open", "create it first");
  CHECK(shmfifo_remove(test_name(), &error) == ENOENT);
  CHECK(shmfifo_create("/a/b", NULL, &error) == NULL);
  expect(&error, EINVAL, "name", "slash");
  shmfifo_create_options options = {.struct_size = 3};
  CHECK(shmfifo_create(test_name(), &options, &error) == NULL);
  expect(&error, EINVAL, "struct_size", "found a struct_size of 3");
  options.struct_size = sizeof options + 1;
  CHECK(shmfifo_create(test_name(), &options, &error) == NULL);
  expect(&error, EINVAL, "struct_size", "expected 4 to");
  options = (shmfifo_create_options){.struct_size = sizeof options, .slot_count = 5};
  CHECK(shmfifo_create(test_name(), &options, &error) == NULL);
  expect(&error, EINVAL, "slot_count", "found 5, expected 8");
  options = (shmfifo_create_options){.struct_size = sizeof options, .mode = 7};
  CHECK(shmfifo_create(test_name(), &options, &error) == NULL);
  expect(&error, EINVAL, "mode", "found 7");

  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  CHECK(shmfifo_create(test_name(), NULL, &error) == NULL);
  expect(&error, EEXIST, "name", "exists already");
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  CHECK(shmfifo_attach_producer(segment, &error) == NULL);
  expect(&error, EBUSY, "producer_role", "has a producer already");
  CHECK(shmfifo_attach_consumer(segment, NULL, 3, 0, &error) == NULL);
  expect(&error, EINVAL, "start", "found 3");
  CHECK(shmfifo_attach_observer(segment, -1, 0, &error) == NULL);
  expect(&error, EINVAL, "start", "found -1");
  CHECK(shmfifo_attach_observer(segment, SHMFIFO_NUMBER, -1, &error) == NULL);
  expect(&error, EINVAL, "start", "-1");
  shmfifo_close_producer(producer);
  shmfifo_close(segment);

  shmfifo_segment* reader = shmfifo_attach(test_name(), 1, NULL);
  CHECK(shmfifo_attach_producer(reader, &error) == NULL);
  expect(&error, EACCES, "access", "read-only");
  CHECK(shmfifo_mark(reader, 0, 1) == SHMFIFO_READ_ONLY);
  uint32_t freed = 9;
  CHECK(shmfifo_recover(reader, &freed, &error) == EACCES && freed == 9);
  shmfifo_close(reader);

  const int file = open(test_path(), O_WRONLY);
  const uint32_t other = 77;  // layout_version, at offset 8
  CHECK(pwrite(file, &other, sizeof other, 8) == (ssize_t)sizeof other && close(file) == 0);
  CHECK(shmfifo_attach(test_name(), 0, &error) == NULL);
  expect(&error, EINVAL, "layout_version", "found 77, expected 2");
}

static unsigned permissions_of(const char* path) {
  struct stat facts;
  CHECK(stat(path, &facts) == 0);
  return facts.st_mode & 07777;
}

static void each_option_of_create_arrives(void) {
  const shmfifo_create_options options = {.struct_size = sizeof options,
                                          .mode = SHMFIFO_LOG,
                                          .producers = SHMFIFO_MANY,
                                          .slot_count = 7,
                                          .content_size = 100,
                                          .participant_count = 3,
                                          .permissions = 0640,
                                          .attach_if_exists = 1,
                                          .pretouch = 1,
                                          .huge_pages = 1};
  shmfifo_segment* segment = shmfifo_create(test_name(), &options, NULL);
  shmfifo_segment* again = shmfifo_create(test_name(), &options, NULL);
  CHECK(segment != NULL && again != NULL);
  shmfifo_segment_stat stat;
  shmfifo_segment_stat other;
  CHECK(shmfifo_stat(segment, &stat, NULL, 0, NULL, NULL) == 0);
  CHECK(shmfifo_stat(again, &other, NULL, 0, NULL, NULL) == 0 && stat.uid == other.uid);
  CHECK(stat.mode == SHMFIFO_LOG && stat.when_full == SHMFIFO_REJECT);
  CHECK(stat.producers == SHMFIFO_MANY && stat.slot_count == 7 && stat.content_size == 100);
  CHECK(stat.participant_count == 3);
  CHECK(permissions_of(test_path()) == 0640);
  // Who was compiled with fewer members gets the defaults for the rest.
  CHECK(shmfifo_remove(test_name(), NULL) == 0);
  const shmfifo_create_options old = {.struct_size = 8, .mode = SHMFIFO_RING, .when_full = 99};
  shmfifo_segment* ring = shmfifo_create(test_name(), &old, NULL);
  CHECK(ring != NULL && shmfifo_stat(ring, &stat, NULL, 0, NULL, NULL) == 0);
  CHECK(stat.when_full == SHMFIFO_REJECT && stat.slot_count == 1024 && stat.content_size == 1024);
  shmfifo_close(segment);
  shmfifo_close(again);
  shmfifo_close(ring);
}

static void a_forked_child_is_told_that_the_handle_is_not_its_own(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, NULL, SHMFIFO_OLDEST, 0, NULL);
  const pid_t child = fork();
  if (child == 0) {
    struct seen seen = {0};
    const int told = shmfifo_try_publish(producer, "x", 1) == SHMFIFO_WRONG_PROCESS &&
                     shmfifo_commit(producer, 1) == SHMFIFO_WRONG_PROCESS &&
                     shmfifo_abort(producer) == SHMFIFO_WRONG_PROCESS &&
                     shmfifo_poll(consumer, collect, &seen, 1).answer == SHMFIFO_WRONG_PROCESS &&
                     shmfifo_wait(consumer, -1) == SHMFIFO_WRONG_PROCESS;
    exit_child(told ? 0 : 1);
  }
  int end = -1;
  CHECK(waitpid(child, &end, 0) == child && end == 0);
  CHECK(shmfifo_try_publish(producer, "x", 1) == SHMFIFO_OK);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
}

static void every_answer_has_its_word(void) {
  CHECK(strcmp(shmfifo_status_text(SHMFIFO_OK), "ok") == 0);
  CHECK(strcmp(shmfifo_status_text(SHMFIFO_INTERRUPTED), "interrupted") == 0);
  CHECK(strcmp(shmfifo_status_text(-1), "unknown") == 0);
  CHECK(strcmp(shmfifo_status_text(SHMFIFO_INTERRUPTED + 1), "unknown") == 0);
  CHECK(strcmp(shmfifo_version(), SHMFIFO_VERSION) == 0 && shmfifo_layout_version() == 2);
}

// Everything that allocates, once. True if all went well; otherwise `error` says why not.
static int whole_life(shmfifo_error* error) {
  const shmfifo_create_options options = {.struct_size = sizeof options,
                                          .when_full = SHMFIFO_OVERWRITE,
                                          .slot_count = 4,
                                          .content_size = 64};
  shmfifo_segment* segment = shmfifo_create(test_name(), &options, error);
  shmfifo_segment* again = segment ? shmfifo_attach(test_name(), 0, error) : NULL;
  shmfifo_producer* producer = again ? shmfifo_attach_producer(again, error) : NULL;
  shmfifo_consumer* consumer =
      producer ? shmfifo_attach_consumer(again, "a cursor whose name is on the heap",
                                         SHMFIFO_OLDEST, 0, error)
               : NULL;
  shmfifo_consumer* observer =
      consumer ? shmfifo_attach_observer(again, SHMFIFO_LATEST, 0, error) : NULL;
  int name = 0;
  int good = observer && shmfifo_stat(segment, NULL, NULL, 0, NULL, error) == 0 &&
             shmfifo_recover(segment, NULL, error) == 0 &&
             shmfifo_check_name(segment, &name, error) == 0;
  shmfifo_close_consumer(observer);
  shmfifo_close_consumer(consumer);
  good = good && shmfifo_forget(again, "a cursor whose name is on the heap", error) == 0;
  shmfifo_close_producer(producer);
  shmfifo_close(again);
  shmfifo_close(segment);
  good = good && shmfifo_remove(test_name(), error) == 0;
  return good;
}

// In a process of its own: what is made once in a process must be made under failure, too.
static int whole_life_in_a_child(int successes) {
  enum { all_went_well = 3 };
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    shmfifo_error error = {0};
    fail_allocations_after(successes);
    const int good = whole_life(&error);
    fail_allocations_after(-1);
    if (good) exit_child(all_went_well);
    CHECK(error.code == ENOMEM && error.rule[0] != '\0' && strstr(error.text, "memory"));
    exit_child(0);
  }
  int end = -1;
  CHECK(waitpid(child, &end, 0) == child && WIFEXITED(end));
  CHECK(WEXITSTATUS(end) == 0 || WEXITSTATUS(end) == all_went_well);
  return WEXITSTATUS(end) == all_went_well;
}

static void G10_each_allocation_may_fail_and_is_an_error(void) {
  int failures = 0;
  while (!whole_life_in_a_child(failures)) {
    if (access(test_path(), F_OK) == 0) CHECK(shmfifo_remove(test_name(), NULL) == 0);
    CHECK(++failures < 1000);
  }
  CHECK(failures >= 10);  // the allocator is really in between
}

static void whatever_is_thrown_is_an_error(void) {
  shmfifo_close(make_ring(SHMFIFO_REJECT, 2));
  shmfifo_error error = {0};
  fail_allocations_after(0);
  CHECK(shmfifo_attach(test_name(), 0, &error) == NULL);
  CHECK(error.code == ENOMEM && strcmp(error.rule, "memory") == 0);
  CHECK(strcmp(error.text, "no memory for the call") == 0);
  fail_allocations_by(too_long);
  fail_allocations_after(0);
  CHECK(shmfifo_attach(test_name(), 0, &error) == NULL);
  CHECK(error.code == EINVAL && strcmp(error.rule, "length") == 0);
  CHECK(strcmp(error.text, "an argument is longer than anything can be") == 0);
  fail_allocations_by(something_else);
  fail_allocations_after(0);
  CHECK(shmfifo_attach(test_name(), 0, &error) == NULL);
  CHECK(error.code == EIO && strcmp(error.rule, "exception") == 0);
  CHECK(strcmp(error.text, "an unexpected exception was caught") == 0);
  fail_allocations_after(-1);
  shmfifo_segment* again = shmfifo_attach(test_name(), 0, &error);
  CHECK(again != NULL && error.code == 0);
  shmfifo_close(again);
}

static void G9_attaching_takes_options(void) {
  shmfifo_close(make_ring(SHMFIFO_REJECT, 2));
  shmfifo_error error;
  const uint32_t self = geteuid();
  shmfifo_attach_options options = {.struct_size = sizeof options, .read_only = 1, .pretouch = 1};
  shmfifo_segment* segment = shmfifo_attach_with(test_name(), &options, &error);
  CHECK(segment != NULL && shmfifo_attach_producer(segment, &error) == NULL);
  expect(&error, EACCES, "access", "read-only");
  shmfifo_close(segment);
  options =
      (shmfifo_attach_options){.struct_size = sizeof options, .owner_is_set = 1, .owner = self + 1};
  CHECK(shmfifo_attach_with(test_name(), &options, &error) == NULL);
  expect(&error, EACCES, "owner", "belongs to uid");
  options.any_owner = 1;
  segment = shmfifo_attach_with(test_name(), &options, &error);
  CHECK(segment != NULL);
  shmfifo_close(segment);
  segment = shmfifo_attach_with(test_name(), NULL, NULL);
  CHECK(segment != NULL);
  shmfifo_close(segment);
  options.struct_size = 3;
  CHECK(shmfifo_attach_with(test_name(), &options, &error) == NULL);
  expect(&error, EINVAL, "struct_size", "shmfifo_attach_options: found a struct_size of 3");

  shmfifo_create_options attaching = {.struct_size = sizeof attaching,
                                      .slot_count = 2,
                                      .content_size = 64,
                                      .participant_count = 4,
                                      .attach_if_exists = 1,
                                      .owner_is_set = 1,
                                      .owner = self + 1};
  CHECK(shmfifo_create(test_name(), &attaching, &error) == NULL);
  expect(&error, EACCES, "owner", "belongs to uid");
  attaching.owner = self;
  segment = shmfifo_create(test_name(), &attaching, &error);
  CHECK(segment != NULL);
  shmfifo_close(segment);
}

static void the_name_of_a_segment_is_looked_up(void) {
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 1);
  int state = -1;
  CHECK(shmfifo_check_name(segment, &state, NULL) == 0 && state == SHMFIFO_NAME_SAME);
  CHECK(shmfifo_remove(test_name(), NULL) == 0);
  CHECK(shmfifo_check_name(segment, &state, NULL) == 0 && state == SHMFIFO_NAME_REMOVED);
  shmfifo_segment* again = make_ring(SHMFIFO_REJECT, 1);
  CHECK(shmfifo_check_name(segment, &state, NULL) == 0 && state == SHMFIFO_NAME_REPLACED);
  CHECK(shmfifo_check_name(again, &state, NULL) == 0 && state == SHMFIFO_NAME_SAME);
  shmfifo_close(segment);
  shmfifo_close(again);
}

static void a_directory_is_taken_by_every_call_with_a_name(void) {
  shmfifo_error error;
  shmfifo_create_options making = {
      .struct_size = sizeof making, .slot_count = 2, .directory = "shm"};
  CHECK(shmfifo_create(test_name(), &making, &error) == NULL);
  expect(&error, EINVAL, "directory", "it must be absolute");
  making.directory = "/dev/shm/";
  shmfifo_segment* segment = shmfifo_create(test_name(), &making, &error);
  CHECK(segment != NULL);
  shmfifo_close(segment);
  shmfifo_attach_options options = {.struct_size = sizeof options, .directory = "/dev/nowhere"};
  CHECK(shmfifo_attach_with(test_name(), &options, &error) == NULL);
  expect(&error, ENOENT, "open", "There is no such directory");
  CHECK(shmfifo_remove_in(test_name(), "/dev/nowhere", &error) == ENOENT);
  CHECK(shmfifo_remove_in(test_name(), "/dev/shm", &error) == 0);
}

static const struct test tests[] = {TEST(a_directory_is_taken_by_every_call_with_a_name),
                                    TEST(G1_G2_G4_messages_come_out_as_they_went_in),
                                    TEST(G5_a_full_ring_answers_by_its_policy),
                                    TEST(G2_G4_a_claim_is_filled_in_place_and_committed_or_aborted),
                                    TEST(G7_a_named_cursor_resumes_and_is_seen_and_forgotten),
                                    TEST(G9_G13_a_failure_tells_errno_rule_and_both_values),
                                    TEST(each_option_of_create_arrives),
                                    TEST(a_forked_child_is_told_that_the_handle_is_not_its_own),
                                    TEST(every_answer_has_its_word),
                                    TEST(G10_each_allocation_may_fail_and_is_an_error),
                                    TEST(whatever_is_thrown_is_an_error),
                                    TEST(G9_attaching_takes_options),
                                    TEST(the_name_of_a_segment_is_looked_up)};

int main(int count, char** words) {
  return run_test(tests, sizeof tests / sizeof *tests, count, words);
}
