// SPDX-License-Identifier: MIT
#pragma once
// The whole public interface in one include. In short, with every call once:
//
//   result<segment> home = segment::create("/feed", {.mode = segment_mode::ring, .slot_count = 8});
//   result<segment> same = segment::attach("/feed", {.mode = access::read_only});  // any process
//   result<producer> writer = home->attach_producer();
//   result<consumer> reader = home->attach_consumer({.name = "audit"});  // named: durable
//   result<consumer> watcher = same->attach_observer(start_at::latest());  // nobody waits for it
//
//   status sent = writer->publish("text", until);       // waits for room under full_policy::wait
//   sent = writer->try_publish(content);                // never waits; bytes or text
//   batch_result some = writer->publish(batch, until);  // answer, published: one wake-up for all
//   claim slot = writer->take(until);                   // zero copy; false if none: slot.answer()
//   std::span<std::byte> place = slot.content();        // content_size bytes in the segment
//   sent = std::move(slot).commit(8);                   // or abort(), or the end of the claim
//
//   status news = reader->wait(until);                  // sleeps until poll has something to tell
//   poll_result seen = reader->poll([](const record_view& message) {
//     return message.value_length > 0;                  // message_number, status, content, bytes()
//   });                                                 // seen: answer, first, count
//   read_result copy = reader->read(buffer);            // answer, number, count, length, status
//   reader->wake();                                     // ends a wait: from any thread or signal
//
//   status marked = home->mark(copy.number, 1);         // the application's status of a message
//   result<unsigned> freed = home->recover();           // clears away what the dead left
//   result<segment_stat> facts = home->stat();          // who is attached, alive, how far behind
//   result<void> gone = segment::remove("/feed");       // if (!gone): gone.error().text says why
//
// Any number of threads may use a segment at once; a producer with its claim, or a consumer, one at
// a time. protocol/ holds what these headers are made of.

#include "shmfifo/protocol/validate.hpp"  // the rules of a header, for tools
#include "shmfifo/segment.hpp"            // create, attach, roles, operation
