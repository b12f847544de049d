#!/bin/bash
# iceoryx 2.0.3: hasMissedData() does not count the history that had no room
# Set-up: one process with its own RouDi. A publisher with a history of 10 has sent 1 to 20. A subscriber asks for a history of
#   10 with a queue for 3, another one with a queue for 30. Then 21 to 40 are sent.
# A good guess: the first subscriber gets 18, 19, 20 and hasMissedData() is true: its queue threw away 7 messages that it had
#   asked for, just as it does when 21 to 40 overflow it.
# Seen: 18, 19, 20 and hasMissedData() is false; only after 21 to 40, of which it gets the last 3, it is true. The one with
#   more room gets 11 to 20, and its hasMissedData() is false, too: a late joiner can't tell the two cases apart.
# Why it matters: "no missed data" is taken to mean that nothing was lost between what there was to get and what came. For a
#   late joiner, who needs the history to build up a state, it is silent about just that loss.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++
[ ! -e /dev/shm/iceoryx_mgmt ] || cannot "iceoryx is in use here"
packages libiceoryx-posh-dev=2.0.3+dfsg-1 libiceoryx-hoofs-dev=2.0.3+dfsg-1 libiceoryx-posh2=2.0.3+dfsg-1 \
    libiceoryx-hoofs2=2.0.3+dfsg-1 libiceoryx-platform2=2.0.3+dfsg-1 libiceoryx-posh-roudi2=2.0.3+dfsg-1 \
    libacl1-dev=2.3.1-3 libacl1=2.3.1-3

cat >history.cpp <<'CPP'
#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_posh/internal/roudi/roudi.hpp"
#include "iceoryx_posh/popo/publisher.hpp"
#include "iceoryx_posh/popo/subscriber.hpp"
#include "iceoryx_posh/roudi/iceoryx_roudi_components.hpp"
#include "iceoryx_posh/runtime/posh_runtime_single_process.hpp"
#include <cstdio>

using Publisher = iox::popo::Publisher<int>;
using Subscriber = iox::popo::Subscriber<int>;

static const iox::capro::ServiceDescription service{"Numbers", "Only", "Counting"};

static iox::popo::SubscriberOptions room_for(uint64_t queue)
{
    iox::popo::SubscriberOptions options;
    options.queueCapacity = queue;
    options.historyRequest = 10;
    return options;
}

static void send(Publisher &publisher, int first, int last)
{
    for (int i = first; i <= last; i++)
        publisher.loan(i).and_then([](auto &sample) { sample.publish(); });
}

static void take_all(const char *name, Subscriber &subscriber)
{
    std::printf("%s: missed %s, taken", name, subscriber.hasMissedData() ? "yes" : "no");
    while (subscriber.take().and_then([](auto &sample) { std::printf(" %d", *sample); })) {
    }
    std::printf(".\n");
}

int main()
{
    iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff);
    iox::roudi::IceOryxRouDiComponents components(iox::RouDiConfig_t().setDefaults());
    iox::roudi::RouDi roudi(components.rouDiMemoryManager, components.portManager,
                            {iox::roudi::MonitoringMode::OFF, false});
    iox::runtime::PoshRuntimeSingleProcess runtime("single");

    iox::popo::PublisherOptions with_history;
    with_history.historyCapacity = 10;
    Publisher publisher(service, with_history);
    send(publisher, 1, 20);
    Subscriber small(service, room_for(3));
    take_all("late with room for 3", small);
    Subscriber large(service, room_for(30));
    take_all("late with room for 30", large);
    send(publisher, 21, 40);
    take_all("after 20 more", small);
}
CPP
left_outside=(/dev/shm/iceoryx_mgmt "/dev/shm/$(id -un)")
build g++ -std=c++17 -O0 -w -isystem "$include/iceoryx/v2.0.3" -isystem "$include" history.cpp -o history -L"$lib" \
    -liceoryx_posh_roudi -liceoryx_posh -liceoryx_hoofs -liceoryx_platform -pthread
complete history
with_libraries timeout 60 ./history | seen

want '^late with room for 3: missed no, taken 18 19 20\.$'
want '^late with room for 30: missed no, taken 11 12 13 14 15 16 17 18 19 20\.$'
want '^after 20 more: missed yes, taken 38 39 40\.$'
verdict
