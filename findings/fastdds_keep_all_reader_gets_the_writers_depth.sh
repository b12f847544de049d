#!/bin/bash
# Fast DDS 2.9.1: a reliable reader that keeps all gets 11 of 100 samples and counts none as lost, if its type is plain
# Set-up: a writer that keeps its last 10 samples and a reader that keeps all, both reliable, for a type of one integer; no
#   delivery within the process, so that they stand as two processes would. 100 samples are written, then the reader takes all.
#   Once with the default for data sharing, once with data sharing off; and both once more with best effort.
# A good guess: the reader is matched from the start and keeps all, so it takes 100; the writer's 10 are for retransmission and
#   late joiners. Where samples must go, the reader's status for lost samples counts them.
# Seen: with data sharing off, 100. With the default, which shares data wherever type and host allow it, 11, the last ones:
#   the writer's history is the only store, and the writer goes on over samples that the reader has not taken. The status
#   says 0 lost, every write succeeded, best effort does the same.
# Why it matters: whether "keep all" holds depends on the type being plain and on both being on one host: adding a string to
#   the type, or moving a process, changes how much is delivered, and the loss shows in no status.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools g++
packages libfastrtps-dev=2.9.1+ds-1+deb12u2 libfastrtps2.9=2.9.1+ds-1+deb12u2 libfastcdr-dev=1.0.26-1 libfastcdr1=1.0.26-1 \
    libfoonathan-memory0.7.2=0.7.2-3 libtinyxml2-9=9.0.0+dfsg-3.1

cat >keep.cpp <<'CPP'
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/dds/topic/TopicDataType.hpp>
#include <fastdds/dds/topic/TypeSupport.hpp>
#include <fastrtps/xmlparser/XMLProfileManager.h>
#include <thread>

using namespace eprosima::fastdds::dds;
namespace rtps = eprosima::fastrtps::rtps;
using std::this_thread::sleep_for;

struct Number : TopicDataType {
    Number()
    {
        setName("Number");
        m_typeSize = sizeof(int) + 4;
        m_isGetKeyDefined = false;
    }
    bool serialize(void *data, rtps::SerializedPayload_t *payload) override
    {
        payload->length = sizeof(int);
        payload->encapsulation = CDR_LE;
        std::memcpy(payload->data, data, sizeof(int));
        return true;
    }
    bool deserialize(rtps::SerializedPayload_t *payload, void *data) override
    {
        std::memcpy(data, payload->data, sizeof(int));
        return true;
    }
    std::function<uint32_t()> getSerializedSizeProvider(void *) override
    {
        return [] { return uint32_t(sizeof(int)); };
    }
    void *createData() override { return new int; }
    void deleteData(void *data) override { delete static_cast<int *>(data); }
    bool getKey(void *, rtps::InstanceHandle_t *, bool) override { return false; }
    bool is_bounded() const override { return true; }
    bool is_plain() const override { return true; }
};

// A participant with its topic.
struct Side {
    DomainParticipant *participant = DomainParticipantFactory::get_instance()->create_participant(77, PARTICIPANT_QOS_DEFAULT);
    Topic *topic = nullptr;
    Side()
    {
        TypeSupport(new Number).register_type(participant);
        topic = participant->create_topic("Numbers", "Number", TOPIC_QOS_DEFAULT);
    }
    ~Side()
    {
        participant->delete_contained_entities();
        DomainParticipantFactory::get_instance()->delete_participant(participant);
    }
};

static DataWriter *writer_of_last_10(Side &side, ReliabilityQosPolicyKind reliability, bool sharing)
{
    DataWriterQos qos;
    qos.history().kind = KEEP_LAST_HISTORY_QOS;
    qos.history().depth = 10;
    qos.reliability().kind = reliability;
    if (!sharing)
        qos.data_sharing().off();
    return side.participant->create_publisher(PUBLISHER_QOS_DEFAULT)->create_datawriter(side.topic, qos);
}

static DataReader *reader_of_all(Side &side, ReliabilityQosPolicyKind reliability, bool sharing)
{
    DataReaderQos qos;
    qos.history().kind = KEEP_ALL_HISTORY_QOS;
    qos.reliability().kind = reliability;
    if (!sharing)
        qos.data_sharing().off();
    return side.participant->create_subscriber(SUBSCRIBER_QOS_DEFAULT)->create_datareader(side.topic, qos);
}

static bool matched(DataWriter *writer)
{
    PublicationMatchedStatus status;
    for (int i = 0; i < 200; i++) {
        writer->get_publication_matched_status(status);
        if (status.current_count > 0)
            return true;
        sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

static void take_all(const char *name, int written, DataReader *reader)
{
    int number, taken = 0, first = 0;
    SampleInfo info;
    while (reader->take_next_sample(&number, &info) == ReturnCode_t::RETCODE_OK)
        if (info.valid_data && taken++ == 0)
            first = number;
    SampleLostStatus lost;
    reader->get_sample_lost_status(lost);
    std::printf("%s: %d written, %d taken, from %d to %d, %d lost\n", name, written, taken, first, number, lost.total_count);
    std::fflush(stdout);
}

static void deliver(const char *name, ReliabilityQosPolicyKind reliability, bool sharing)
{
    Side sending, receiving;
    DataWriter *writer = writer_of_last_10(sending, reliability, sharing);
    DataReader *reader = reader_of_all(receiving, reliability, sharing);
    if (!matched(writer)) {
        std::printf("not matched\n");
        return;
    }
    sleep_for(std::chrono::milliseconds(500)); // the other side's match
    int written = 0;
    for (int i = 1; i <= 100; i++)
        written += writer->write(&i);
    sleep_for(std::chrono::seconds(1));
    take_all(name, written, reader);
}

int main()
{
    eprosima::fastrtps::LibrarySettingsAttributes settings;
    settings.intraprocess_delivery = eprosima::fastrtps::INTRAPROCESS_OFF;
    eprosima::fastrtps::xmlparser::XMLProfileManager::library_settings(settings);
    deliver("reliable, not shared", RELIABLE_RELIABILITY_QOS, false);
    deliver("reliable, default", RELIABLE_RELIABILITY_QOS, true);
    deliver("best effort, not shared", BEST_EFFORT_RELIABILITY_QOS, false);
    deliver("best effort, default", BEST_EFFORT_RELIABILITY_QOS, true);
}
CPP
build g++ -std=c++17 -O0 -w -isystem "$include" -isystem "$include/x86_64-linux-gnu" keep.cpp -o keep -L"$lib" \
    -lfastrtps -lfastcdr -pthread
complete keep
with_libraries timeout 120 ./keep 2>messages.txt | seen
grep -q '^not matched$' seen.txt && cannot "writer and reader do not find each other"

want '^reliable, not shared: 100 written, 100 taken, from 1 to 100, 0 lost$'
want '^reliable, default: 100 written, 11 taken, from 90 to 100, 0 lost$'
want '^best effort, not shared: 100 written, 100 taken, from 1 to 100, 0 lost$'
want '^best effort, default: 100 written, 11 taken, from 90 to 100, 0 lost$'
verdict
