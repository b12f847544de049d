// SPDX-License-Identifier: MIT
// Goal: what is asked of set-up through the C interface arrives member by member, and so do its
// answers. Method: what is asked for differs in every member, and what comes back is compared
// whole: with the header in the file (core/README.md), or the kernel's own view of the mapping.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support.h"

static shmfifo_segment* make(shmfifo_create_options options) {
  options.struct_size = sizeof options;
  shmfifo_error error;
  shmfifo_segment* segment = shmfifo_create(test_name(), &options, &error);
  if (segment == NULL) fprintf(stderr, "%s\n", error.text);
  CHECK(segment != NULL);
  return segment;
}

// ---- segments -----------------------------------------------------------------------------------

static uint64_t in_file(off_t offset) {
  uint64_t word = 0;
  const int file = open(test_path(), O_RDONLY);
  CHECK(file >= 0 && pread(file, &word, sizeof word, offset) == sizeof word && close(file) == 0);
  return word;
}

static void each_member_of_stat_is_the_headers(void) {
  const shmfifo_create_options shapes[] = {{.mode = SHMFIFO_LOG,
                                            .when_full = SHMFIFO_REJECT,
                                            .producers = SHMFIFO_MANY,
                                            .slot_count = 7,
                                            .content_size = 100,
                                            .participant_count = 3},
                                           {.when_full = SHMFIFO_OVERWRITE,
                                            .slot_count = 4,
                                            .content_size = 200,
                                            .participant_count = 9},
                                           {.when_full = SHMFIFO_WAIT},
                                           {0}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
    const int log = shapes[i].mode == SHMFIFO_LOG;
    shmfifo_segment* segment = make(shapes[i]);
    shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
    for (int n = 0; n < 6; ++n) CHECK(shmfifo_try_publish(producer, "m", 1) == SHMFIFO_OK);
    shmfifo_segment_stat seen;
    struct stat file;
    CHECK(shmfifo_stat(segment, &seen, NULL, 0, NULL, NULL) == 0 && stat(test_path(), &file) == 0);
    CHECK(seen.uid == in_file(24) && seen.created_ns == in_file(32));
    CHECK(seen.mode == (uint32_t)in_file(40) && seen.when_full == (uint32_t)in_file(44));
    CHECK(seen.producers == (uint32_t)in_file(48));
    CHECK(seen.participant_count == (uint32_t)in_file(52));
    CHECK(seen.content_size == in_file(56) && seen.slot_count == in_file(64));
    CHECK(seen.segment_size == (uint64_t)file.st_size && seen.producer_cursor == 6);
    CHECK(seen.oldest == (seen.when_full == SHMFIFO_OVERWRITE ? 2 : 0));
    // A member that is zero is the default.
    CHECK(seen.mode == (log ? SHMFIFO_LOG : SHMFIFO_RING));
    CHECK(seen.when_full == (shapes[i].when_full ? shapes[i].when_full : SHMFIFO_REJECT));
    CHECK(seen.producers == (log ? SHMFIFO_MANY : SHMFIFO_SINGLE));
    CHECK(seen.slot_count == (shapes[i].slot_count ? shapes[i].slot_count : 1024));
    CHECK(seen.content_size == (shapes[i].content_size ? shapes[i].content_size : 1024));
    CHECK(seen.participant_count ==
          (shapes[i].participant_count ? shapes[i].participant_count : 64));
    CHECK((file.st_mode & 07777) == 0600);
    shmfifo_close_producer(producer);
    shmfifo_close(segment);
    CHECK(shmfifo_remove(test_name(), NULL) == 0);
  }
}

static void a_struct_of_every_size_is_taken_or_refused(void) {
  shmfifo_error error;
  char words[80];
  const uint32_t whole = sizeof(shmfifo_create_options);
  for (uint32_t size = 0; size < whole + 3; ++size) {
    shmfifo_create_options options = {.struct_size = size, .mode = SHMFIFO_RING, .slot_count = 8};
    shmfifo_segment* segment = shmfifo_create(test_name(), &options, &error);
    CHECK((segment != NULL) == (size >= 4 && size <= whole));
    snprintf(words, sizeof words,
             "shmfifo_create_options: found a struct_size of %u, expected 4 to %u", size, whole);
    CHECK(segment != NULL || (error.code == EINVAL && strcmp(error.rule, "struct_size") == 0 &&
                              strcmp(error.text, words) == 0));
    if (segment == NULL) continue;
    shmfifo_segment_stat stat;
    CHECK(shmfifo_stat(segment, &stat, NULL, 0, NULL, NULL) == 0);
    CHECK(stat.slot_count == (size > offsetof(shmfifo_create_options, slot_count) ? 8 : 1024));
    shmfifo_close(segment);
    CHECK(shmfifo_remove(test_name(), NULL) == 0);
  }
  shmfifo_close(make_ring(SHMFIFO_REJECT, 2));
  for (uint32_t size = 0; size < sizeof(shmfifo_attach_options) + 3; ++size) {
    const shmfifo_attach_options options = {.struct_size = size, .read_only = 1};
    shmfifo_segment* segment = shmfifo_attach_with(test_name(), &options, &error);
    CHECK((segment != NULL) == (size >= 4 && size <= sizeof options));
    CHECK(segment == NULL || (shmfifo_mark(segment, 0, 1) == SHMFIFO_READ_ONLY) == (size > 4));
    shmfifo_close(segment);
  }
}

// The segment's mapping as the kernel tells it. Nothing else of this process may map the file.
struct mapping {
  int found;
  int huge;
  int dumped;
  long resident;  // KiB
};
static struct mapping look_at_mapping(void) {
  struct mapping seen = {0};
  char line[512];
  int inside = 0;
  struct stat file;
  CHECK(stat(test_path(), &file) == 0);
  FILE* maps = fopen("/proc/self/smaps", "re");
  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long inode = 0;
    if (sscanf(line, "%*x-%*x %*s %*x %*s %lu", &inode) == 1) inside = inode == file.st_ino;
    if (inside && strncmp(line, "Rss:", 4) == 0) seen.resident += strtol(line + 4, NULL, 10);
    if (!inside || strncmp(line, "VmFlags:", 8) != 0) continue;
    seen.found = 1;
    seen.huge = strstr(line, " hg ") != NULL;
    seen.dumped = strstr(line, " dd ") == NULL;
  }
  fclose(maps);
  return seen;
}

static void check_mapping(shmfifo_segment* segment, int pretouch, int huge, int dump) {
  const struct mapping seen = look_at_mapping();
  CHECK(segment != NULL && seen.found && seen.huge == huge && seen.dumped == dump);
  // Of 1.1 MB; unasked it is a few pages, unless they are huge.
  CHECK(huge || (seen.resident >= 1024) == pretouch);
  shmfifo_close(segment);
}

static void what_is_asked_of_the_mapping_is_done(void) {
  for (int only = 0; only < 4; ++only) {  // each by itself, and none
    const uint32_t pretouch = only == 1;
    const uint32_t huge = only == 2;
    const uint32_t dump = only == 3;
    check_mapping(
        make((shmfifo_create_options){.pretouch = pretouch, .huge_pages = huge, .dump = dump}),
        only == 1, only == 2, only == 3);
    const shmfifo_attach_options options = {
        .struct_size = sizeof options, .pretouch = pretouch, .huge_pages = huge, .dump = dump};
    check_mapping(shmfifo_attach_with(test_name(), &options, NULL), only == 1, only == 2,
                  only == 3);
    check_mapping(shmfifo_attach(test_name(), 0, NULL), 0, 0, 0);
    CHECK(shmfifo_remove(test_name(), NULL) == 0);
  }
}

static void read_only_is_any_number_but_zero(void) {
  shmfifo_close(make_ring(SHMFIFO_REJECT, 2));
  const int values[] = {0, 1, 2, -1, 256};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    shmfifo_segment* segment = shmfifo_attach(test_name(), values[i], NULL);
    CHECK((shmfifo_mark(segment, 0, 1) == SHMFIFO_READ_ONLY) == (values[i] != 0));
    shmfifo_close(segment);
  }
}

// ---- errors and answers -------------------------------------------------------------------------

static void an_error_is_filled_to_its_end_and_emptied_by_success(void) {
  char directory[2000];
  memset(directory, 'd', sizeof directory);
  memcpy(directory, "/dev/shm/", 9);
  for (int i = 100; i < 2000; i += 100) directory[i] = '/';
  directory[sizeof directory - 1] = '\0';
  shmfifo_error error;
  memset(&error, 0x5a, sizeof error);
  // Its text quotes the directory and is longer than there is room for.
  CHECK(shmfifo_remove_in(test_name(), directory, &error) == ENOENT && error.code == ENOENT);
  CHECK(strlen(error.text) == sizeof error.text - 1);
  const size_t rule = strlen(error.rule);
  CHECK(rule > 0 && rule < sizeof error.rule / 2);
  for (size_t i = rule; i < sizeof error.rule; ++i) CHECK(error.rule[i] == '\0');
  shmfifo_close(make_ring(SHMFIFO_REJECT, 2));
  CHECK(shmfifo_remove(test_name(), &error) == 0);
  const shmfifo_error none = {0};
  CHECK(memcmp(&error, &none, sizeof none) == 0);
}

static void each_answer_has_its_own_word(void) {
  static const char* const words[] = {
      [SHMFIFO_OK] = "ok",
      [SHMFIFO_FULL] = "full",
      [SHMFIFO_EMPTY] = "empty",
      [SHMFIFO_ABORTED] = "aborted",
      [SHMFIFO_LOST] = "lost",
      [SHMFIFO_INVALID] = "invalid",
      [SHMFIFO_PEER_DEAD] = "peer_dead",
      [SHMFIFO_TIMED_OUT] = "timed_out",
      [SHMFIFO_BAD_LENGTH] = "bad_length",
      [SHMFIFO_NO_CLAIM] = "no_claim",
      [SHMFIFO_CLAIM_PENDING] = "claim_pending",
      [SHMFIFO_EXHAUSTED] = "exhausted",
      [SHMFIFO_WRONG_PROCESS] = "wrong_process",
      [SHMFIFO_READ_ONLY] = "read_only",
      [SHMFIFO_INTERRUPTED] = "interrupted",
  };
  for (int i = 0; i < (int)(sizeof words / sizeof *words); ++i) {
    CHECK(strcmp(shmfifo_status_text(i), words[i]) == 0);
  }
  const int none[] = {-1, SHMFIFO_INTERRUPTED + 1, 256, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
    CHECK(strcmp(shmfifo_status_text(none[i]), "unknown") == 0);
  }
}

static void nothing_is_closed_by_null_and_everything_else_gives_its_memory_back(void) {
  const long before = allocations_alive();
  shmfifo_close(NULL);
  shmfifo_close_producer(NULL);
  shmfifo_close_consumer(NULL);
  shmfifo_segment* segment = make_ring(SHMFIFO_REJECT, 4);
  CHECK(allocations_alive() > before);
  shmfifo_producer* producer = shmfifo_attach_producer(segment, NULL);
  CHECK(shmfifo_attach_producer(segment, NULL) == NULL);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(segment, "c", SHMFIFO_OLDEST, 0, NULL);
  CHECK(shmfifo_attach_consumer(segment, "c", SHMFIFO_OLDEST, 0, NULL) == NULL);
  shmfifo_consumer* observer = shmfifo_attach_observer(segment, SHMFIFO_OLDEST, 0, NULL);
  CHECK(shmfifo_attach_observer(segment, 7, 0, NULL) == NULL);
  CHECK(shmfifo_create(test_name(), NULL, NULL) == NULL);
  CHECK(shmfifo_attach("none-of-this-name", 0, NULL) == NULL);
  shmfifo_close_consumer(observer);
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(segment);
  CHECK(allocations_alive() == before);
}

// Root's own segments are anybody's who trusts root: only another user's tells the rules apart.
static void G9_segments_of_another_user_are_attached_when_asked_for(void) {
  enum { nobody = 65534 };
  if (geteuid() != 0) return;
  shmfifo_close(make((shmfifo_create_options){0}));
  CHECK(chown(test_path(), nobody, nobody) == 0);
  CHECK(shmfifo_attach(test_name(), 1, NULL) == NULL);
  const shmfifo_attach_options any = {.struct_size = sizeof any, .any_owner = 1};
  shmfifo_segment* segment = shmfifo_attach_with(test_name(), &any, NULL);
  CHECK(segment != NULL);
  shmfifo_close(segment);
  const pid_t child = fork();
  if (child == 0) exit_child(setuid(nobody) != 0 || shmfifo_attach(test_name(), 1, NULL) == NULL);
  int end = -1;
  CHECK(waitpid(child, &end, 0) == child && end == 0);
}

static const struct test tests[] = {
    TEST(each_member_of_stat_is_the_headers),
    TEST(a_struct_of_every_size_is_taken_or_refused),
    TEST(what_is_asked_of_the_mapping_is_done),
    TEST(read_only_is_any_number_but_zero),
    TEST(an_error_is_filled_to_its_end_and_emptied_by_success),
    TEST(each_answer_has_its_own_word),
    TEST(G9_segments_of_another_user_are_attached_when_asked_for),
    TEST(nothing_is_closed_by_null_and_everything_else_gives_its_memory_back)};

int main(int count, char** words) {
  return run_test(tests, sizeof tests / sizeof *tests, count, words);
}
