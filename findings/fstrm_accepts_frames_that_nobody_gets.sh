#!/bin/bash
# fstrm 0.6.1: with nobody at the socket, frames are accepted, released and gone
# Set-up: fstrm_iothr with a unix socket writer and an input queue of 512. 300 frames while no fstrm_capture listens, 2.5 s
#   of waiting, 300 more; then fstrm_capture starts; after another 5 s the last 300.
# A good guess: the queue is what bridges an absent reader: 511 or 512 frames are accepted, the rest refused with
#   fstrm_res_again, and whatever was accepted arrives once the reader is there.
# Seen: all 900 are accepted. The first 600 are released through the caller's function within the wait, exactly like frames
#   that were written, and never arrive; the reader gets 300, all of them of the last lot.
# Why it matters: neither the result of a submit nor the call of the release function says that a frame was written: a loss
#   counter that is built on either stays 0 while everything is lost.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages libfstrm0=0.6.1-1 libfstrm-dev=0.6.1-1 fstrm-bin=0.6.1-1 libevent-2.1-7=2.1.12-stable-8+deb12u1

cat >submit.c <<'C'
#include <fstrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int released;

static void release(void *frame, void *unused)
{
    (void)unused;
    __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST);
    free(frame);
}

static struct fstrm_iothr *start(const char *socket_path)
{
    struct fstrm_unix_writer_options *unix_options = fstrm_unix_writer_options_init();
    fstrm_unix_writer_options_set_socket_path(unix_options, socket_path);
    struct fstrm_writer_options *writer_options = fstrm_writer_options_init();
    fstrm_writer_options_add_content_type(writer_options, "numbers", 7);
    struct fstrm_writer *writer = fstrm_unix_writer_init(unix_options, writer_options);
    struct fstrm_iothr_options *options = fstrm_iothr_options_init();
    fstrm_iothr_options_set_input_queue_size(options, 512);
    fstrm_iothr_options_set_reopen_interval(options, 1);
    return fstrm_iothr_init(options, &writer);
}

static int submit(struct fstrm_iothr *thread, struct fstrm_iothr_queue *queue, int first, int count)
{
    int accepted = 0;
    for (int i = first; i < first + count; i++) {
        char *frame = malloc(8);
        int length = snprintf(frame, 8, "%05d", i);
        if (fstrm_iothr_submit(thread, queue, frame, length, release, NULL) == fstrm_res_success)
            accepted++;
        else
            free(frame);
    }
    return accepted;
}

static void submit_lot(struct fstrm_iothr *thread, struct fstrm_iothr_queue *queue, int lot)
{
    int before = released;
    int accepted = submit(thread, queue, lot * 300, 300);
    usleep(2500000);
    printf("lot %d: %d of 300 accepted, %d released\n", lot, accepted, released - before);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct fstrm_iothr *thread = start(argv[1]);
    struct fstrm_iothr_queue *queue = fstrm_iothr_get_input_queue(thread);
    submit_lot(thread, queue, 0);
    submit_lot(thread, queue, 1);
    usleep(5000000);
    submit_lot(thread, queue, 2);
    fstrm_iothr_destroy(&thread);
    return 0;
}
C
build gcc -O1 -Wall -Wextra -isystem "$include" submit.c -o submit -L"$lib" -lfstrm
capture=$root/usr/bin/fstrm_capture
complete submit "$capture"

# nobody listens before the first two lots are through
(
    sleep 6.5
    LD_LIBRARY_PATH=$folder/$lib exec "$capture" -t numbers -u socket -w frames >capture.log 2>&1
) &
reader=$!
started+=("$reader")
with_libraries timeout 60 ./submit socket | seen
end_process "$reader"
with_libraries "$root/usr/bin/fstrm_dump" frames >dump.txt 2>/dev/null
grep -a '^ "[0-9]*"$' dump.txt | tr -d ' "' >frames.txt
echo "arrived: $(wc -l <frames.txt) frames, $(head -n 1 frames.txt) to $(tail -n 1 frames.txt)" | seen

want '^lot 0: 300 of 300 accepted, 300 released$'
want '^lot 1: 300 of 300 accepted, 300 released$'
want '^lot 2: 300 of 300 accepted, 300 released$'
want '^arrived: 300 frames, 00600 to 00899$'
verdict
