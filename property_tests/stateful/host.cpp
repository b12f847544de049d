// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>
#include <utility>

#include "world.hpp"

namespace shmfifo::property_tests {

using harness::must;
using reference::answer;
using reference::op;
using reference::operation;

namespace {

constexpr std::byte untouched{0xa5};
constexpr int looks_long = 1025;  // one more than a reader looks before it asks the kernel

answer refused(const error& failure) {
  answer a;
  a.errno_value = failure.code;
  a.rule = failure.rule;
  return a;
}

start_at start_of(const operation& o) {
  return {static_cast<start_at::place>(o.start), o.number};
}

std::vector<std::uint8_t> bytes_of(byte_view content) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(content.data());
  return {first, first + content.size()};
}

// Exactly as many bytes as the length says, so that a sanitizer sees a copy that takes more.
std::vector<std::uint8_t> source_of(std::uint8_t fill, std::int64_t length,
                                    std::int64_t content_size) {
  return reference::content_for(fill, length <= content_size ? length : 0);
}

// A message that says to have this length, which may be one that is refused.
byte_view view_of(const std::vector<std::uint8_t>& source, std::int64_t length) {
  return {std::as_bytes(std::span(source)).data(), static_cast<std::size_t>(length)};
}

}  // namespace

host::host(const std::string& name)
    : name_(name), read_only_(must(segment::attach(name, {access::read_only, {}, false}))) {
  homes_.push_back(must(segment::attach(name)));
}

std::vector<layout_view> host::views() const {
  std::vector<layout_view> all{read_only_->view()};
  for (const segment& home : homes_) all.push_back(home.view());
  return all;
}

answer host::attach(place& at, const operation& o) {
  answer a;
  if (o.what == op::attach_producer) {
    auto writer = homes_.back().attach_producer();
    if (!writer) return refused(writer.error());
    a.first = writer->last_number();
    at.role.emplace<producer>(std::move(*writer));
    return a;
  }
  const segment& from =
      o.what == op::attach_observer && o.name % 2 == 1 ? *read_only_ : homes_.back();
  auto reader = o.what == op::attach_observer
                    ? from.attach_observer(start_of(o))
                    : from.attach_consumer({reference::name_of(o.name), start_of(o)});
  if (!reader) return refused(reader.error());
  a.first = reader->position();
  at.role.emplace<consumer>(std::move(*reader));
  return a;
}

answer host::write(place& at, const operation& o) {
  producer& writer = std::get<producer>(at.role);
  const std::int64_t size = writer.content_size();
  answer a;
  if (o.what == op::publish || o.what == op::publish_waiting) {
    const auto source = source_of(o.fill, o.number, size);
    const byte_view message = view_of(source, o.number);
    a.code =
        o.what == op::publish ? writer.try_publish(message) : writer.publish(message, deadline{});
  } else if (o.what == op::batch) {
    std::vector<std::vector<std::uint8_t>> contents;
    std::vector<byte_view> batch;
    for (int i = 0; i < o.count; ++i) {
      contents.push_back(source_of(static_cast<std::uint8_t>(o.fill + i), o.number + i, size));
      batch.push_back(view_of(contents.back(), o.number + i));
    }
    const batch_result result = writer.try_publish(batch);
    a.code = result.answer;
    a.count = static_cast<std::int64_t>(result.published);
  } else if (o.what == op::claim) {
    if (at.open) {
      a.code = writer.try_take().answer();
    } else {
      at.open = writer.try_take();
      a.code = at.open.answer();
    }
  } else if (o.what == op::commit) {
    const std::span<std::byte> content = at.open.content();
    const auto source = source_of(o.fill, o.number, static_cast<std::int64_t>(content.size()));
    std::ranges::copy(std::as_bytes(std::span(source)), content.begin());
    a.code = std::move(at.open).commit(static_cast<std::size_t>(o.number));
  } else {
    a.code = std::move(at.open).abort();
  }
  a.first = writer.last_number();
  return a;
}

answer host::read(consumer& reader, const operation& o) {
  answer a;
  if (o.what == op::wait) {
    a.code = reader.wait(deadline{});
    a.first = reader.position();
    return a;
  }
  if (o.what == op::read) {
    const auto size = static_cast<std::size_t>(o.number);
    std::vector<std::byte> buffer(size + 1, untouched);  // one more, which must stay
    const read_result result = reader.read(std::span(buffer).first(size));
    if (result.answer == status::ok) {
      const auto copied = std::min(size, static_cast<std::size_t>(result.length));
      a.messages.push_back(
          {result.number, result.length, result.status, bytes_of(std::span(buffer).first(copied))});
    }
    if (buffer.back() != untouched) a.rule = "read wrote past its buffer";
    a.code = result.answer;
    a.first = result.number;
    a.count = result.count;
    return a;
  }
  const auto keep = [&](const record_view& r) {
    a.messages.push_back({r.message_number, r.value_length, r.status, bytes_of(r.bytes())});
  };
  const auto keep_some = [&](const record_view& r) {
    keep(r);
    return static_cast<std::int64_t>(a.messages.size()) < o.number;
  };
  poll_result result =
      o.what == op::poll_until ? reader.poll(keep_some) : reader.poll(keep, o.number);
  if (o.what == op::poll_long) {
    for (int i = 1; i < looks_long && result.answer == status::empty; ++i) {
      result = reader.poll(keep, o.number);
    }
  }
  a.code = result.answer;
  a.first = result.first;
  a.count = result.count;
  return a;
}

answer host::run(const operation& o) {
  place& at = places_[o.handle % reference::handles_max];
  answer a;
  switch (o.what) {
    case op::attach_producer:
    case op::attach_consumer:
    case op::attach_observer:
      return attach(at, o);
    case op::detach:
      at.role.emplace<std::monostate>();
      return a;
    case op::mark:
      a.code = homes_.back().mark(o.number, static_cast<std::int8_t>(o.fill));
      return a;
    case op::recover:
      a.first = must(homes_.back().recover());
      return a;
    case op::forget: {
      auto forgotten = homes_.back().forget(reference::name_of(o.name));
      return forgotten ? a : refused(forgotten.error());
    }
    case op::attach_again:
      homes_.push_back(must(segment::attach(name_)));
      return a;
    case op::poll:
    case op::poll_until:
    case op::poll_long:
    case op::read:
    case op::wait:
      return read(std::get<consumer>(at.role), o);
    default:
      return write(at, o);
  }
}

}  // namespace shmfifo::property_tests
