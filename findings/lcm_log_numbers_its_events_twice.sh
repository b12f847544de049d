#!/bin/bash
# LCM 1.3.1 event logs: a log that is appended to has each of its first numbers twice
# Set-up: five events are written to a new log (mode "w"), which is closed; two more are appended to it (mode "a"); then all
#   are read.
# A good guess: the writer finds the end of the log and goes on: the numbers are 0 to 6.
# Seen: 0 to 4 and then 0 and 1, in the events as written and as read.
# Why it matters: the number is what tells events with one time stamp apart and shows gaps. After a restart of a logger that
#   appends, a check for gaps or repetitions fails on a log that has neither, and a number names two events.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages liblcm1=1.3.1+repack1-3 liblcm-dev=1.3.1+repack1-3

cat >append.c <<'C'
#include <lcm/eventlog.h>
#include <stdio.h>

static char channel[] = "CHANNEL", data[] = "x";

static void write_events(const char *mode, int count)
{
    lcm_eventlog_t *log = lcm_eventlog_create("events.log", mode);
    for (int i = 0; i < count; i++) {
        lcm_eventlog_event_t event = {.timestamp = 100 + i, .channellen = sizeof channel - 1,
                                      .datalen = sizeof data, .channel = channel, .data = data};
        int result = lcm_eventlog_write_event(log, &event);
        printf("mode %s: write returns %d, number %d\n", mode, result, (int)event.eventnum);
    }
    lcm_eventlog_destroy(log);
}

int main(void)
{
    lcm_eventlog_event_t *event;
    write_events("w", 5);
    write_events("a", 2);
    lcm_eventlog_t *log = lcm_eventlog_create("events.log", "r");
    printf("read:");
    while ((event = lcm_eventlog_read_next_event(log)) != NULL) {
        printf(" %d", (int)event->eventnum);
        lcm_eventlog_free_event(event);
    }
    printf("\n");
    lcm_eventlog_destroy(log);
    return 0;
}
C
build gcc -O1 -Wall -Wextra -isystem "$include" append.c -o append -L"$lib" -llcm
complete append
with_libraries timeout 30 ./append | seen

want '^mode w: write returns 0, number 4$'
want '^mode a: write returns 0, number 0$'
want '^mode a: write returns 0, number 1$'
never 'write returns (-|[1-9])'
want '^read: 0 1 2 3 4 0 1$'
verdict
