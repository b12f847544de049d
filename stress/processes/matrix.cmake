# The runs of `ctest -L stress`. A million messages each in a release build; elsewhere fewer, because
# unoptimised and instrumented builds are several times slower.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT "${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize|--coverage")
  set(messages 1000000)
else()
  set(messages 60000)
endif()
math(EXPR fault_every "${messages} / 100")

# stress_run(NAME words OPTIONS words...): one run under the oracle, with a seed of its own. Which guarantees it checks
# follows from its options: the oracle judges every run, but not every run has deaths.
set(seed 1)
function(stress_run name)
  math(EXPR next "${seed} + 1")
  set(seed ${next} PARENT_SCOPE)
  set(guarantees G1 G2 G3 G4 G5)
  if("${ARGN}" MATCHES "kill-producers|mixed|;kill(;|$)")
    list(APPEND guarantees G6)
  endif()
  if("${ARGN}" MATCHES "kill-consumers|mixed|;kill(;|$)")
    list(APPEND guarantees G7)
  endif()
  if("${ARGN}" MATCHES "recoverer|creator|churn")
    list(APPEND guarantees G8)
  endif()
  list(JOIN guarantees . guarantees)
  shmfifo_add_test(
    NAME stress.matrix.${guarantees}.G11_${name}
    COMMAND shmfifo_stress --seed ${seed} --messages ${messages} --fault-every ${fault_every}
            --time-limit 100 ${ARGN}
    KIND stress COST fast TIMEOUT 120
    PROPERTIES PROCESSORS 2)
endfunction()

foreach(queue log ring_reject ring_wait ring_overwrite)
  foreach(shape 1x1 1x4 4x1 4x4)
    string(REGEX MATCH "^[0-9]+" producers ${shape})
    string(REGEX MATCH "[0-9]+$" consumers ${shape})
    foreach(faults none kill-producers kill-consumers stop)
      string(REPLACE "-" "_" fault_name ${faults})
      stress_run(
        ${queue}_${shape}_${fault_name} --queue core_${queue} --producers ${producers} --consumers
        ${consumers} --faults ${faults})
    endforeach()
  endforeach()
endforeach()

# Observers, which nobody waits for. A killed one reads a log from its beginning again.
math(EXPR seldom "${messages} / 10")
stress_run(observers_of_a_log --queue core_log --consumers 0 --observers 2 --faults mixed --fault-every ${seldom})
stress_run(observers_of_a_ring --queue core_ring_wait --producers 4 --observers 2 --faults mixed)
stress_run(observers_of_an_overwriting_ring --queue core_ring_overwrite --consumers 0 --observers 4 --slots 8192
           --faults kill-consumers)
# The claims of many producers with only one, which is killed; cursors without names; rings of one and two slots.
stress_run(one_of_many_producers_killed --queue core_ring_wait_many --faults kill-producers)
stress_run(consumers_without_names_killed --queue core_ring_wait_anonymous --producers 4 --consumers 4 --faults mixed)
stress_run(rejected_by_consumers_without_names --queue core_ring_reject_anonymous --consumers 4 --faults kill-consumers)
math(EXPR fewer "${messages} / 5") # whose senders let the receivers catch up after a few messages
stress_run(two_slots_overwritten --queue core_ring_overwrite --producers 4 --consumers 2 --slots 2 --faults mixed
           --messages ${fewer})
stress_run(second_producer_refused --queue core_ring_wait_single --scenario intruder)
# Attach and detach all the time; a consumer that holds all others back.
stress_run(churn_of_a_log --queue core_log --producers 4 --consumers 4 --scenario churn --faults mixed)
stress_run(churn_of_a_ring --queue core_ring_wait --producers 4 --consumers 4 --scenario churn --faults mixed)
stress_run(churn_of_an_overwriting_ring --queue core_ring_overwrite --producers 4 --consumers 4 --scenario churn
           --faults mixed)
stress_run(slow_consumer_holds_back --queue core_ring_wait --consumers 4 --scenario slow-consumer)
stress_run(slow_consumer_is_overrun --queue core_ring_overwrite --consumers 4 --scenario slow-consumer)
# The process that recovers, creates or attaches is killed while the others work.
stress_run(recoverer_killed --queue core_ring_wait --producers 4 --consumers 4 --scenario recoverer --faults kill)
stress_run(recoverer_of_an_overwriting_ring_killed --queue core_ring_overwrite --producers 4 --consumers 2 --scenario
           recoverer --faults mixed)
stress_run(creator_killed --queue core_ring_wait --producers 4 --consumers 1 --scenario creator --faults kill)

# Tiny rings hand each message over alone, as fast as the scheduler switches: fewer messages.
math(EXPR messages "${messages} / 100")
math(EXPR fault_every "${messages} / 100")
stress_run(one_slot --queue core_ring_wait --producers 4 --consumers 2 --slots 1 --faults mixed)
stress_run(two_slots --queue core_ring_wait --producers 2 --consumers 4 --slots 2 --faults mixed)

# Queues of others do what they promise when nobody dies (what happens otherwise: FINDINGS.md), so their adapters say
# what they should. ZeroMQ only with room for all: a sender that leaves a slow receiver loses the tail.
set(foreign pipe:64 seqpacket:64 posix_mq:64)
if(boost_interprocess_include)
  list(APPEND foreign boost_message_queue:64)
endif()
if(zeromq_library)
  list(APPEND foreign zeromq_ipc:400000)
endif()
foreach(queue_and_slots IN LISTS foreign)
  string(REGEX MATCHALL "[^:]+" pair ${queue_and_slots})
  list(GET pair 0 queue)
  list(GET pair 1 slots)
  shmfifo_add_test(NAME stress.foreign.${queue}_delivers_while_nobody_dies KIND stress COST fast TIMEOUT 60
                   COMMAND shmfifo_stress --queue ${queue} --messages 20000 --slots ${slots}
                   PROPERTIES PROCESSORS 2)
endforeach()
# Killed and paused, the kernel's queues go on. Boost's may be stuck after a kill, which it does not promise to survive,
# and ZeroMQ loses what was in a dead process's memory: neither may be accused of it.
foreach(queue pipe seqpacket posix_mq)
  foreach(guarantee_and_faults G11:stop G6.G7:kill)
    string(REGEX MATCHALL "[^:]+" pair ${guarantee_and_faults})
    list(GET pair 0 guarantees)
    list(GET pair 1 faults)
    shmfifo_add_test(NAME stress.foreign.${guarantees}_${queue}_passes_with_${faults} KIND stress COST fast TIMEOUT 60
                     COMMAND shmfifo_stress --queue ${queue} --messages 20000 --slots 64 --seed 1 --faults ${faults}
                     PROPERTIES PROCESSORS 2)
  endforeach()
endforeach()
if(boost_interprocess_include)
  shmfifo_add_test(NAME stress.foreign.G6.G7_boost_message_queue_is_not_accused_of_what_kills_do KIND stress COST fast
                   TIMEOUT 60 COMMAND shmfifo_stress --queue boost_message_queue --messages 20000 --slots 64 --seed 1
                                      --faults kill --stall-ms 2000
                   PROPERTIES PROCESSORS 2 PASS_REGULAR_EXPRESSION "\n(ok|unknown: nobody)")
endif()
if(zeromq_library)
  shmfifo_add_test(NAME stress.foreign.G6.G7_zeromq_ipc_is_not_accused_of_what_kills_do KIND stress COST fast TIMEOUT 60
                   COMMAND shmfifo_stress --queue zeromq_ipc --messages 20000 --slots 400000 --seed 1 --faults kill
                   PROPERTIES PROCESSORS 2)
endif()
# Somebody must be overtaken, which no single round is sure to see: rounds until one does.
shmfifo_add_test(NAME stress.foreign.the_original_design_delivers_twice KIND canary COST fast TIMEOUT 60
                 COMMAND shmfifo_stress --queue original_design --messages 20000 --slots 64 --duration 30
                 PROPERTIES PROCESSORS 2 PASS_REGULAR_EXPRESSION "violation: duplicate .G2.")
