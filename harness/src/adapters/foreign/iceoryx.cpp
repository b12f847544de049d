// SPDX-License-Identifier: MIT
// Eclipse iceoryx: publisher and subscriber that block each other when full. Its daemon, RouDi, is
// started by `create` and ends with this program. Publishing waits without any deadline, and
// consumers of several publishers are not promised one order, so neither is claimed here.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "iceoryx_posh/popo/untyped_publisher.hpp"
#include "iceoryx_posh/popo/untyped_subscriber.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"
#include "shmfifo/harness/adapters/shared_memory.hpp"
#include "shmfifo/harness/support/child.hpp"
#include "shmfifo/harness/support/names.hpp"

namespace shmfifo::harness::foreign {
namespace {

using namespace std::chrono_literals;

iox::capro::ServiceDescription service(const std::string& queue) {
  return {"shmfifo", "harness",
          iox::capro::IdString_t(iox::cxx::TruncateToCapacity, queue.c_str())};
}

// A unique name for each process: RouDi takes a second process of one name for a restart.
void join(const std::string& role) {
  const std::string name = "harness-" + role + "-" + random_digits();
  iox::runtime::PoshRuntime::initRuntime(
      iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name.c_str()));
}

// RouDi matches publishers and subscribers a while after they were made.
template <class Condition>
void wait_for(Condition matched) {
  retry_until(std::chrono::steady_clock::now() + 20s, matched);
}

// In the chunk the length stands before the content.
class iceoryx_sender final : public sender {
 public:
  explicit iceoryx_sender(const std::string& queue) : publisher_(service(queue), options()) {
    wait_for([&] { return publisher_.hasSubscribers(); });
  }

  sent send(std::span<const std::byte> content, deadline) override {
    sent answer;
    const auto size = static_cast<std::uint32_t>(content.size() + sizeof(std::int64_t));
    publisher_.loan(size).and_then([&](void*& chunk) {
      const auto length = static_cast<std::int64_t>(content.size());
      std::memcpy(chunk, &length, sizeof length);
      std::copy(content.begin(), content.end(), static_cast<std::byte*>(chunk) + sizeof length);
      publisher_.publish(chunk);
      answer.answer = send_answer::sent;
    });
    return answer;
  }

 private:
  static iox::popo::PublisherOptions options() {
    iox::popo::PublisherOptions blocking;
    blocking.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    return blocking;
  }
  iox::popo::UntypedPublisher publisher_;
};

class iceoryx_receiver final : public receiver {
 public:
  iceoryx_receiver(const std::string& queue, std::uint64_t slots)
      : subscriber_(service(queue), options(slots)) {
    wait_for([&] { return subscriber_.getSubscriptionState() == iox::SubscribeState::SUBSCRIBED; });
  }

  received receive(std::span<std::byte> buffer, deadline until) override {
    received answer;
    retry_until(until, [&] {
      subscriber_.take().and_then([&](const void* chunk) {
        std::memcpy(&answer.length, chunk, sizeof answer.length);
        const auto* content = static_cast<const std::byte*>(chunk) + sizeof answer.length;
        std::copy_n(content, std::min(static_cast<std::size_t>(answer.length), buffer.size()),
                    buffer.data());
        subscriber_.release(chunk);
        answer.answer = receive_answer::message;
      });
      return answer.answer == receive_answer::message;
    });
    return answer;
  }

 private:
  static iox::popo::SubscriberOptions options(std::uint64_t slots) {
    iox::popo::SubscriberOptions blocking;
    blocking.queueCapacity = std::clamp<std::uint64_t>(slots, 1, 256);
    blocking.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
    return blocking;
  }
  iox::popo::UntypedSubscriber subscriber_;
};

class iceoryx_queue final : public queue {
 public:
  [[nodiscard]] capabilities promises() const override { return {.broadcast = true}; }

  void create(const queue_shape& shape) override {
    shape_ = shape;
    const auto become_daemon = [] {
      ::execlp("iox-roudi", "iox-roudi", "-m", "off", "-l", "off", nullptr);
      return 127;
    };
    daemon_ = start_child(become_daemon, {.death_signal = SIGTERM});
    std::this_thread::sleep_for(1s);  // it gives no sign when it is ready
    if (try_reap(daemon_)) {
      daemon_ = -1;
      throw std::runtime_error("iox-roudi ended at once; install it, or stop the one that runs");
    }
  }

  void destroy() noexcept override {
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGTERM);
    reap(daemon_);
    daemon_ = -1;
    // A daemon whose clients were killed gives up before it has cleaned up (seen with 2.0.3).
    ::shm_unlink("/iceoryx_mgmt");
    ::shm_unlink("/root");
  }

  std::unique_ptr<sender> attach_sender(unsigned id) override {
    join("sender" + std::to_string(id));
    return std::make_unique<iceoryx_sender>(shape_.name);
  }
  std::unique_ptr<receiver> attach_receiver(unsigned id, bool) override {
    join("receiver" + std::to_string(id));
    return std::make_unique<iceoryx_receiver>(shape_.name, shape_.slots);
  }

 private:
  queue_shape shape_;
  pid_t daemon_ = -1;
};

const queue_registration registration{{"iceoryx", "Eclipse iceoryx, blocking publisher",
                                       [] { return std::make_unique<iceoryx_queue>(); }}};

}  // namespace
}  // namespace shmfifo::harness::foreign
