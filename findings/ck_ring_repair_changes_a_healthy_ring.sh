#!/bin/bash
# Concurrency Kit 0.7.1, ck_ring: one producer and one consumer leave the ring in a state that ck_ring_valid calls broken
# Set-up: a ring of 8 places, one thread; three messages in and one out, first by ck_ring_enqueue_spsc and ck_ring_dequeue_spsc,
#   then by the calls of many producers and one consumer. After each step ck_ring_valid is asked; then ck_ring_repair, which the
#   header has for rings in persistent memory, and the messages that are left are taken out, five at the most.
# A good guess: a ring that nobody interrupted is valid, and to repair it changes nothing: two messages are left.
# Seen: with one producer the ring is invalid from the first message on that was taken; the repair reports that it changed
#   something, and afterwards the two messages are followed by null pointers, as if the ring were full. With the calls of many
#   producers it is valid, nothing is changed, and two messages are left. The calls of one producer do not keep the producer's
#   second index, which both functions compare with the others.
# Why it matters: a program that repairs its ring when it starts, as the header suggests, gets messages that nobody sent, and only
#   if the one before stopped after a message was taken.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages "libck-dev=0.7.1-10"

cat >ring.c <<'C'
#include <ck_ring.h>
#include <stdio.h>

static ck_ring_t ring;
static ck_ring_buffer_t places[8];
static int messages[3] = {10, 11, 12};

static void ask(const char *name, const char *when)
{
    printf("%s, %s: valid %d\n", name, when, ck_ring_valid(&ring) ? 1 : 0);
}

static void leave(const char *name)
{
    void *message;
    int repaired = ck_ring_repair(&ring) ? 1 : 0;

    printf("%s: repair changed %d, left", name, repaired);
    for (int i = 0; i < 5 && ck_ring_dequeue_spsc(&ring, places, &message); i++)
        printf(" %d", message ? *(int *)message : 0);
    printf("\n");
}

int main(void)
{
    void *message;

    ck_ring_init(&ring, 8);
    for (int i = 0; i < 3; i++)
        ck_ring_enqueue_spsc(&ring, places, &messages[i]);
    ask("one producer", "3 in");
    ck_ring_dequeue_spsc(&ring, places, &message);
    ask("one producer", "1 out");
    leave("one producer");

    for (int i = 0; i < 8; i++)
        places[i].value = NULL;
    ck_ring_init(&ring, 8);
    for (int i = 0; i < 3; i++)
        ck_ring_enqueue_mpsc(&ring, places, &messages[i]);
    ask("many producers", "3 in");
    ck_ring_dequeue_mpsc(&ring, places, &message);
    ask("many producers", "1 out");
    leave("many producers");
    return 0;
}
C
gcc -O1 -w -isystem "$root/usr/include" ring.c -o ring || cannot "cannot compile"
timeout 30 ./ring | seen

want '^one producer, 3 in: valid 1$'
want '^one producer, 1 out: valid 0$'
want '^one producer: repair changed 1, left 11 12 0 0 0$'
want '^many producers, 3 in: valid 1$'
want '^many producers, 1 out: valid 1$'
want '^many producers: repair changed 0, left 11 12$'
verdict
