# Which canaries each instrument must report, and in which words; and which it is known to miss.
# A row: the canary, `reported` or `blind`, the words. sanitizers/README.md says why.

set(canaries_asan-ubsan
    "use_after_unmap|reported|AddressSanitizer: SEGV on unknown address"
    "overrun_into_poisoned_slot|reported|AddressSanitizer: use-after-poison"
    "overrun_into_open_slot|blind|AddressSanitizer"
    "leak|reported|LeakSanitizer: detected memory leaks"
    "signed_overflow|reported|runtime error: signed integer overflow"
    "misaligned_access|reported|runtime error: store to misaligned address"
    "race_on_one_mapping|blind|Sanitizer"
    "uninitialised_read|blind|Sanitizer"
    "no_defect|blind|Sanitizer")

set(canaries_tsan
    "race_on_one_mapping|reported|WARNING: ThreadSanitizer: data race"
    "race_in_a_copy|reported|WARNING: ThreadSanitizer: data race"
    "race_on_two_mappings|blind|ThreadSanitizer"
    "lock_order_inversion|reported|WARNING: ThreadSanitizer: lock-order-inversion"
    "use_after_unmap|reported|ThreadSanitizer: SEGV on unknown address"
    "atomic_handover|blind|ThreadSanitizer"
    "no_defect|blind|ThreadSanitizer")

set(canaries_msan
    "uninitialised_read|reported|WARNING: MemorySanitizer: use-of-uninitialized-value"
    "uninitialised_through_two_mappings|blind|MemorySanitizer"
    "use_after_unmap|reported|MemorySanitizer: SEGV on unknown address"
    "no_defect|blind|MemorySanitizer")

# Every report of valgrind's tools has a stack, whose first line holds `at 0x`.
set(canaries_memcheck
    "use_after_unmap|reported|Invalid read of size 4"
    "overrun_into_poisoned_slot|reported|Invalid write of size 1"
    "overrun_into_open_slot|blind|at 0x"
    "uninitialised_read|reported|Conditional jump or move depends on uninitialised value"
    "uninitialised_through_two_mappings|blind|at 0x"
    "leak|reported|definitely lost in loss record"
    "race_on_one_mapping|blind|at 0x"
    "no_defect|blind|at 0x")

set(canaries_helgrind
    "race_on_one_mapping|reported|Possible data race during"
    "race_on_two_mappings|blind|at 0x"
    "lock_order_inversion|reported|violated"
    "atomic_handover|reported|Possible data race during"
    "no_defect|blind|at 0x")

set(canaries_drd
    "race_on_one_mapping|reported|Conflicting store by thread"
    "race_on_two_mappings|blind|at 0x"
    "lock_order_inversion|blind|at 0x"
    "atomic_handover|reported|Conflicting"
    "no_defect|blind|at 0x")

set(canaries_hardened
    "index_past_the_end|reported|Assertion '__n < this->size()' failed"
    "copy_past_the_end|reported|*** buffer overflow detected ***"
    "stack_overwritten|reported|*** stack smashing detected ***"
    "call_of_another_type|reported|control flow integrity check"
    "overrun_into_open_slot|blind|detected"
    "no_defect|blind|detected")

# qemu-user simulates the kernel of another processor, and ignores such advice.
set(canaries_none "page_wiped_in_children|reported|one page was wiped in the child")
if(CMAKE_CROSSCOMPILING)
  string(REPLACE "|reported|" "|blind|" canaries_none "${canaries_none}")
endif()

# Builds the canaries of SHMFIFO_INSTRUMENT, and registers a test for each.
function(shmfifo_add_canaries)
  foreach(row IN LISTS canaries_${SHMFIFO_INSTRUMENT})
    string(REPLACE "|" ";" parts "${row}")
    list(GET parts 0 canary)
    list(GET parts 1 verdict)
    list(GET parts 2 words)
    shmfifo_add_canary_program(${canary})
    set(sentence is_reported)
    if(verdict STREQUAL "blind")
      set(sentence is_not_reported)
    endif()
    # The launcher is before the program: it must not run the runner.
    shmfifo_add_test(
      NAME sanitizers.canaries.${canary}_${sentence} KIND canary COST fast TIMEOUT 120
      COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/run_canary.py ${verdict} ${words}
              ${SHMFIFO_LAUNCHER} $<TARGET_FILE:canary_${canary}>)
  endforeach()
endfunction()

function(shmfifo_add_canary_program canary)
  if(TARGET canary_${canary})
    return()
  endif()
  add_executable(canary_${canary} canaries/${canary}.cpp)
  target_link_libraries(canary_${canary} PRIVATE shmfifo_warnings Threads::Threads)
  target_compile_features(canary_${canary} PRIVATE cxx_std_20)
  target_compile_definitions(
    canary_${canary} PRIVATE $<$<STREQUAL:${SHMFIFO_INSTRUMENT},memcheck>:SHMFIFO_UNDER_MEMCHECK>
                             $<$<STREQUAL:${SHMFIFO_INSTRUMENT},asan-ubsan>:SHMFIFO_UNDER_ASAN>)
  set_property(GLOBAL APPEND PROPERTY SHMFIFO_INSTRUMENTED_PROGRAMS canary_${canary})
endfunction()
