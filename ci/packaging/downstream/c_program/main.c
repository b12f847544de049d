// SPDX-License-Identifier: MIT
// Somebody else's program in C: one message there and back through the name it is given.
#include <shmfifo.h>
#include <stdio.h>
#include <string.h>

int main(int count, char** words) {
  if (count != 2) return 2;
  shmfifo_error error;
  shmfifo_segment* ring = shmfifo_create(words[1], NULL, &error);
  if (ring == NULL) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  if (shmfifo_remove(words[1], &error) != 0) return 1;
  shmfifo_producer* producer = shmfifo_attach_producer(ring, &error);
  shmfifo_consumer* consumer = shmfifo_attach_consumer(ring, NULL, SHMFIFO_OLDEST, 0, &error);
  if (producer == NULL || consumer == NULL) return 1;
  char text[16];
  shmfifo_record record;
  const int good = shmfifo_publish(producer, "hola", 4, -1) == SHMFIFO_OK &&
                   shmfifo_wait(consumer, -1) == SHMFIFO_OK &&
                   shmfifo_read(consumer, &record, text, sizeof text).answer == SHMFIFO_OK &&
                   record.value_length == 4 && memcmp(text, "hola", 4) == 0;
  shmfifo_close_consumer(consumer);
  shmfifo_close_producer(producer);
  shmfifo_close(ring);
  if (good) printf("%.4s came back, shmfifo %s\n", text, shmfifo_version());
  return good ? 0 : 1;
}
