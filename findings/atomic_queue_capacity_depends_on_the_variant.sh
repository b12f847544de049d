#!/bin/bash
# atomic_queue 0.0+git20220518: four variants that were asked for 100 places have 100, 128, 256 and 4096
# Set-up: the variants of the library, each asked for 100 places (the last also for 1), filled with try_push in one thread.
# A good guess: 100 with the size as a template argument and no spreading, 128 elsewhere: the next power of two.
# Seen: AtomicQueue 128, without spreading 100; with the size as a run-time argument AtomicQueueB 256 and AtomicQueueB2
#   4096, even when asked for 1 and even with MAXIMIZE_THROUGHPUT off. AtomicQueue<8> quietly drops the spreading and has 8.
#   capacity() says the same numbers, so it is no mistake in counting.
# Why it matters: exchanging AtomicQueue for AtomicQueueB2 "with the same size" makes the queue 32 times as long: latency
#   under load, memory, and any test that expects back-pressure change by that factor.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++
packages libatomic-queue-dev=0.0+git20220518.83774a2-1

cat >room.cpp <<'CPP'
#include <atomic_queue/atomic_queue.h>
#include <cstdio>
#include <memory>

template <typename Queue> void fill(const char *name, Queue &queue)
{
    unsigned count = 0;
    while (queue.try_push(count + 1))
        count++;
    std::printf("%s: %u fit, capacity %u\n", name, count, unsigned(queue.capacity()));
}

template <typename Queue> void fill_fixed(const char *name)
{
    auto queue = std::make_unique<Queue>();
    fill(name, *queue);
}

template <typename Queue> void fill_sized(const char *name, unsigned size)
{
    Queue queue(size);
    fill(name, queue);
}

int main()
{
    using namespace atomic_queue;
    fill_fixed<AtomicQueue<unsigned, 100>>("AtomicQueue<100>");
    fill_fixed<AtomicQueue<unsigned, 100, 0, false>>("AtomicQueue<100> without spreading");
    fill_fixed<AtomicQueue<unsigned, 8>>("AtomicQueue<8>");
    fill_fixed<AtomicQueue2<unsigned, 100>>("AtomicQueue2<100>");
    fill_sized<AtomicQueueB<unsigned>>("AtomicQueueB(100)", 100);
    fill_sized<AtomicQueueB2<unsigned>>("AtomicQueueB2(100)", 100);
    fill_sized<AtomicQueueB2<unsigned>>("AtomicQueueB2(1)", 1);
    fill_sized<AtomicQueueB2<unsigned, std::allocator<unsigned>, false>>("AtomicQueueB2(100) without MAXIMIZE_THROUGHPUT", 100);
}
CPP
build g++ -std=c++14 -O1 -Wall -isystem "$include" room.cpp -o room -pthread
timeout 30 ./room | seen

want '^AtomicQueue<100>: 128 fit, capacity 128$'
want '^AtomicQueue<100> without spreading: 100 fit, capacity 100$'
want '^AtomicQueue<8>: 8 fit, capacity 8$'
want '^AtomicQueue2<100>: 128 fit, capacity 128$'
want '^AtomicQueueB\(100\): 256 fit, capacity 256$'
want '^AtomicQueueB2\(100\): 4096 fit, capacity 4096$'
want '^AtomicQueueB2\(1\): 4096 fit, capacity 4096$'
want '^AtomicQueueB2\(100\) without MAXIMIZE_THROUGHPUT: 4096 fit, capacity 4096$'
verdict
