# Wrong cores, made from the real one by textual substitutions, so that the harness can show that it
# notices. All bugs live in one copy of the core; a program chooses one by name (--bug), and none is the
# real core. Each text must occur exactly once: a change of the core that moves it stops the build here
# instead of silently seeding nothing.

set_property(GLOBAL PROPERTY shmfifo_seeded_bugs "")

function(shmfifo_copy_core_for_seeding core copy)
  file(GLOB files RELATIVE ${core} CONFIGURE_DEPENDS ${core}/include/shmfifo/*.hpp
       ${core}/include/shmfifo/protocol/*.hpp ${core}/src/*.?pp)
  foreach(file IN LISTS files)
    file(READ ${core}/${file} text)
    set_property(GLOBAL PROPERTY "shmfifo_seeded:${file}" "${text}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${core}/${file})
  endforeach()
  set_property(GLOBAL PROPERTY shmfifo_seeded_files "${files}")
  set_property(GLOBAL PROPERTY shmfifo_seeded_copy "${copy}")
endfunction()

# shmfifo_seed(name file old new): with --bug NAME the text `new` is in the place of `old`.
function(shmfifo_seed name file old new)
  get_property(text GLOBAL PROPERTY "shmfifo_seeded:${file}")
  string(FIND "${text}" "${old}" first)
  string(FIND "${text}" "${old}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "the seeded bug ${name} must match exactly once in ${file}:\n${old}")
  endif()
  string(REPLACE "${old}" "if (seeded::bug == seeded::${name}) {\n${new}\n} else {\n${old}\n}" text "${text}")
  set_property(GLOBAL PROPERTY "shmfifo_seeded:${file}" "${text}")
  set_property(GLOBAL APPEND PROPERTY shmfifo_seeded_bugs ${name})
endfunction()

function(shmfifo_write_seeded_core)
  get_property(copy GLOBAL PROPERTY shmfifo_seeded_copy)
  get_property(files GLOBAL PROPERTY shmfifo_seeded_files)
  get_property(bugs GLOBAL PROPERTY shmfifo_seeded_bugs)
  list(REMOVE_DUPLICATES bugs)
  list(JOIN bugs ", " enumerators)
  list(JOIN bugs "\", \"" names)
  string(CONCAT choice "\nnamespace shmfifo::seeded {\nenum name { none, ${enumerators} };\n"
                "inline constexpr const char* names[] = {\"none\", \"${names}\"};\n"
                "inline name bug = none;\n}  // namespace shmfifo::seeded\n")
  foreach(file IN LISTS files)
    get_property(text GLOBAL PROPERTY "shmfifo_seeded:${file}")
    if(file MATCHES "config.hpp$")
      string(APPEND text "${choice}")
    endif()
    file(CONFIGURE OUTPUT ${copy}/${file} CONTENT "${text}" @ONLY)
  endforeach()
endfunction()
