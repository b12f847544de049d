#!/bin/bash
# ThreadSanitizer of gcc 12.2: a forked child "leaks" the parent's thread that has ended, and not one that still runs
# Set-up: a program starts a thread, forks, and joins the thread in the parent. The child calls exit(0) at once. In one run the
#   thread has ended before the fork, seen by the kernel knowing its number no more; in the other it waits until the child is gone.
# A good guess: 0 in both. No thread but the caller's is in the child, so it has none to join; if anything were left over
#   there, it would be the running one, of which nobody knows what it held.
# Seen: with the thread that has ended the child prints "thread leak" and exits with 66; with the running one it exits with 0.
#   The parent joins its thread properly and is content in both runs.
# Why it matters: a test that forks beside a short thread passes while the thread happens to live and fails when the machine is
#   busy enough for it to end first. The report names a leak in code that joins. Joining before the fork, or keeping the
#   thread alive until after it, is the way out.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

packages gcc-12=12.2.0-14+deb12u1 cpp-12=12.2.0-14+deb12u1 libgcc-12-dev=12.2.0-14+deb12u1 libtsan2=12.2.0-14+deb12u1
compiler=$root/usr/bin/x86_64-linux-gnu-gcc-12
tools as ld

cat >fork.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t started, forked;
static int ends_first;
static pid_t number;

static void *run(void *argument)
{
    number = (pid_t)syscall(SYS_gettid);
    sem_post(&started);
    if (!ends_first)
        sem_wait(&forked);
    return argument;
}

int main(int count, char **words)
{
    pthread_t thread;
    int status;
    pid_t child;

    ends_first = count > 1 && strcmp(words[1], "ended") == 0;
    sem_init(&started, 0, 0);
    sem_init(&forked, 0, 0);
    pthread_create(&thread, NULL, run, NULL);
    sem_wait(&started);
    while (ends_first && (syscall(SYS_tgkill, getpid(), number, 0) == 0 || errno != ESRCH))
        usleep(1000);
    child = fork();
    if (child == 0)
        exit(0);
    waitpid(child, &status, 0);
    sem_post(&forked);
    printf("thread %s: child exits with %d, ", ends_first ? "ended" : "running", WEXITSTATUS(status));
    printf("join returns %d\n", pthread_join(thread, NULL));
    return 0;
}
C
build "$compiler" -B"$root/usr/lib/gcc/x86_64-linux-gnu/12/" -O1 -Wall -Wextra -fsanitize=thread fork.c -o fork -L"$lib" -pthread
complete fork
for when in ended running; do
  with_libraries timeout 60 ./fork "$when" 2>&1
done | seen

want 'WARNING: ThreadSanitizer: thread leak'
want '^thread ended: child exits with 66, join returns 0$'
want '^thread running: child exits with 0, join returns 0$'
verdict
