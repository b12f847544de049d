#!/bin/bash
# APR-util 1.6.3 apr_queue: ending a queue makes the items that are still in it unreachable
# Set-up: a queue for 4 items, one thread; 3 items are pushed, then apr_queue_term ends the queue, then the items are popped.
# A good guess: like a closed channel: nothing more can be pushed, the 3 items come out, and only then does pop return APR_EOF.
# Seen: the very first pop returns APR_EOF, and so does trypop. apr_queue_size still says 3, but no call takes an item out
#   any more. apr_queue_interrupt_all is the call that leaves the items alone.
# Why it matters: "term, then join the workers" reads like a clean shutdown and loses whatever was queued; a count "pushed
#   minus popped" is short by it, and so is memory, for the pointers are in the queue only.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages libapr1=1.7.2-3+deb12u1 libapr1-dev=1.7.2-3+deb12u1 libaprutil1=1.6.3-1+deb12u1 libaprutil1-dev=1.6.3-1+deb12u1

cat >ended.c <<'C'
#include <apr_general.h>
#include <apr_queue.h>
#include <stdio.h>

static int numbers[] = {1, 2, 3};

static apr_queue_t *queue_with_three(apr_pool_t *pool)
{
    apr_queue_t *queue;
    apr_queue_create(&queue, 4, pool);
    for (int i = 0; i < 3; i++)
        apr_queue_push(queue, &numbers[i]);
    return queue;
}

static void take_all(const char *after, apr_queue_t *queue)
{
    void *item;
    int taken = 0;
    apr_status_t status = APR_SUCCESS;
    while (taken < 3 && (status = apr_queue_pop(queue, &item)) == APR_SUCCESS)
        taken++;
    printf("after %s: %d popped, %s, size %u\n", after, taken, status == APR_EOF ? "then APR_EOF" : "no error",
           apr_queue_size(queue));
    printf("after %s: trypop returns %s\n", after, apr_queue_trypop(queue, &item) == APR_EOF ? "APR_EOF" : "something else");
}

int main(void)
{
    apr_pool_t *pool;
    apr_initialize();
    apr_pool_create(&pool, NULL);

    apr_queue_t *ended = queue_with_three(pool);
    printf("term returns %d\n", apr_queue_term(ended));
    take_all("term", ended);

    apr_queue_t *interrupted = queue_with_three(pool);
    printf("interrupt_all returns %d\n", apr_queue_interrupt_all(interrupted));
    take_all("interrupt_all", interrupted);
    return 0;
}
C
build gcc -O1 -Wall -Wextra -I"$include/apr-1.0" ended.c -o ended -L"$lib" -laprutil-1 -lapr-1
complete ended
with_libraries timeout 30 ./ended | seen

want '^term returns 0$'
want '^after term: 0 popped, then APR_EOF, size 3$'
want '^after term: trypop returns APR_EOF$'
want '^after interrupt_all: 3 popped, no error, size 0$'
want '^after interrupt_all: trypop returns something else$'
verdict
