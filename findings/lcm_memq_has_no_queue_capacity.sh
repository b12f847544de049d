#!/bin/bash
# LCM 1.3.1: the in-process transport "memq" ignores the queue capacity that a subscription has
# Set-up: one process, one channel, one subscription with a queue capacity of 5; a hundred messages are published, then they
#   are handled until none comes.
# A good guess: 5 messages come, as over UDP, where a slow subscriber is meant to lose some.
# Seen: lcm_subscription_set_queue_capacity returns 0, and all 100 come: nothing bounds memq, also not the default of 30.
#   An unhandled memq grows by every message: 20000 published, 20000 handled.
# Why it matters: memq stands in for the network in unit tests. Code that loses messages in the field (or needs the capacity
#   for freshness) is never seen to lose one, and a subscriber that falls behind shows as memory instead of loss.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages liblcm1=1.3.1+repack1-3 liblcm-dev=1.3.1+repack1-3

cat >behind.c <<'C'
#include <lcm/lcm.h>
#include <stdio.h>
#include <string.h>

static int handled, first, last;

static void handle(const lcm_recv_buf_t *message, const char *channel, void *unused)
{
    (void)channel;
    (void)unused;
    memcpy(&last, message->data, sizeof last);
    if (handled++ == 0)
        first = last;
}

static void fall_behind(int capacity, int published)
{
    lcm_t *lcm = lcm_create("memq://");
    lcm_subscription_t *subscription = lcm_subscribe(lcm, "CHANNEL", handle, NULL);
    handled = 0;
    if (capacity > 0)
        printf("set_queue_capacity(%d) returns %d\n", capacity, lcm_subscription_set_queue_capacity(subscription, capacity));
    for (int i = 1; i <= published; i++)
        lcm_publish(lcm, "CHANNEL", &i, sizeof i);
    while (lcm_handle_timeout(lcm, 200) > 0) {
    }
    printf("capacity %d, %d published: %d handled, %d to %d\n", capacity, published, handled, first, last);
    lcm_destroy(lcm);
}

int main(void)
{
    fall_behind(5, 100);
    fall_behind(0, 20000);
    return 0;
}
C
build gcc -O1 -Wall -Wextra -isystem "$include" behind.c -o behind -L"$lib" -llcm
complete behind
with_libraries timeout 60 ./behind | seen

want '^set_queue_capacity\(5\) returns 0$'
want '^capacity 5, 100 published: 100 handled, 1 to 100$'
want '^capacity 0, 20000 published: 20000 handled, 1 to 20000$'
verdict
