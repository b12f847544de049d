// SPDX-License-Identifier: MIT
#include "generate.hpp"

#include <limits>

namespace shmfifo::property_tests {

using harness::reference::fifo;
using harness::reference::op;
using harness::reference::operation;
namespace gen = rc::gen;

rc::Gen<geometry> any_geometry(std::uint32_t participants_min) {
  return gen::exec([participants_min] {
    geometry shape;
    shape.mode =
        *gen::weightedElement<segment_mode>({{1, segment_mode::log}, {4, segment_mode::ring}});
    const bool ring = shape.mode == segment_mode::ring;
    shape.when_full = ring ? *gen::element(full_policy::reject, full_policy::wait,
                                           full_policy::overwrite, full_policy::overwrite)
                           : full_policy::reject;
    shape.producers = *gen::element(producer_role::single, producer_role::many);
    shape.slot_count =
        ring ? std::uint64_t{1} << *gen::inRange(0, 4) : *gen::inRange<std::uint64_t>(1, 13);
    shape.content_size = *gen::inRange<std::uint64_t>(1, 41);
    shape.participant_count = *gen::inRange<std::uint32_t>(participants_min, 7);
    return shape;
  });
}

rc::Gen<geometry> any_ring(full_policy when_full) {
  return gen::map(any_geometry(), [when_full](geometry shape) {
    shape.mode = segment_mode::ring;
    shape.slot_count = std::bit_ceil(shape.slot_count);
    shape.when_full = when_full;
    shape.participant_count += 6;  // room for the roles that a property needs
    return shape;
  });
}

rc::Gen<std::int64_t> any_length(std::uint64_t content_size) {
  using limits = std::numeric_limits<std::int64_t>;
  const auto size = static_cast<std::int64_t>(content_size);
  return gen::weightedOneOf<std::int64_t>(
      {{12, gen::inRange<std::int64_t>(0, size + 1)},
       {1, gen::element<std::int64_t>(-1, size + 1, limits::min(), limits::max(), size + 64)}});
}

namespace {

op suitable(const fifo& model, unsigned handle) {
  if (*gen::inRange(0, 8) == 0) {
    return *gen::weightedElement<op>(
        {{4, op::mark}, {2, op::recover}, {1, op::forget}, {1, op::attach_again}});
  }
  if (!model.attached(handle)) {
    return *gen::weightedElement<op>(
        {{4, op::attach_producer}, {4, op::attach_consumer}, {2, op::attach_observer}});
  }
  const std::size_t end = handle < 4 ? 0 : 3;  // only other processes can be killed
  if (model.writes(handle)) {
    const std::size_t open = model.claims(handle) ? 6 : 1;
    return *gen::weightedElement<op>({{8, op::publish},
                                      {2, op::publish_waiting},
                                      {6, op::batch},
                                      {4, op::claim},
                                      {open, op::commit},
                                      {open, op::abort},
                                      {1, op::detach},
                                      {end, op::kill}});
  }
  return *gen::weightedElement<op>({{8, op::poll},
                                    {2, op::poll_until},
                                    {2, op::poll_long},
                                    {4, op::read},
                                    {3, op::wait},
                                    {3, op::detach},
                                    {end, op::kill}});
}

}  // namespace

rc::Gen<operation> any_operation(const fifo& model) {
  return gen::exec([model] {
    operation o;
    o.handle = *gen::inRange<std::uint8_t>(0, 6);
    o.what = suitable(model, o.handle);
    const auto slots = static_cast<std::int64_t>(model.shape().slot_count);
    switch (o.what) {
      case op::attach_consumer:
      case op::attach_observer:
        o.start = *gen::weightedElement<std::uint8_t>({{4, 0}, {2, 1}, {1, 2}});
        if (o.start == 2) o.number = *gen::inRange<std::int64_t>(-1, model.cursor() + 3);
        o.name = *gen::inRange<std::uint8_t>(0, 3);
        break;
      case op::publish:
      case op::publish_waiting:
      case op::batch:
      case op::commit:
        o.number = *any_length(model.shape().content_size);
        if (o.what == op::batch) {
          o.count = *gen::inRange<std::uint8_t>(0, 6);
          o.number = std::min(o.number, static_cast<std::int64_t>(model.shape().content_size));
        }
        o.fill = *gen::arbitrary<std::uint8_t>();
        break;
      case op::poll:
      case op::poll_until:
      case op::poll_long:
        o.number = *gen::inRange<std::int64_t>(0, 2 * slots + 2);
        break;
      case op::read:
        o.number = *gen::inRange<std::int64_t>(0, 48);
        break;
      case op::mark:
        o.number = *gen::inRange<std::int64_t>(
            std::max<std::int64_t>(-1, model.cursor() - slots - 1), model.cursor() + 2);
        o.fill = *gen::arbitrary<std::uint8_t>();
        break;
      case op::forget:
        o.name = *gen::inRange<std::uint8_t>(0, 3);
        break;
      default:
        break;
    }
    return o;
  });
}

}  // namespace shmfifo::property_tests
