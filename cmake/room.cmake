# audit_room(<name> SOURCES ... [DEPS rooms ...] [LIBRARIES external ...]
#            [TESTS ...] [TEST_SOURCES ...] [TEST_DEPS ...] [BENCHES ...])
# One static library audit_<name>; its unit tests as <name>_test (one executable, every test known
# to CTest with the label "unit"); its micro-benchmarks as <name>_bench.
function(audit_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPS;LIBRARIES;TESTS;TEST_DEPS;BENCHES" ${ARGN})
  list(TRANSFORM ROOM_DEPS PREPEND audit_)
  list(TRANSFORM ROOM_TEST_DEPS PREPEND audit_)
  if(ROOM_SOURCES)
    add_library(audit_${name} STATIC ${ROOM_SOURCES})
    target_link_libraries(audit_${name} PUBLIC audit_options ${ROOM_DEPS} PRIVATE ${ROOM_LIBRARIES})
  else()
    add_library(audit_${name} INTERFACE)
    target_link_libraries(audit_${name} INTERFACE audit_options ${ROOM_DEPS})
  endif()
  if(AUDIT_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    target_link_libraries(${name}_test PRIVATE audit_${name} ${ROOM_TEST_DEPS} ${ROOM_LIBRARIES}
      GTest::gmock GTest::gtest_main Threads::Threads)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  if(AUDIT_BENCHES AND ROOM_BENCHES)
    add_executable(${name}_bench ${ROOM_BENCHES})
    target_link_libraries(${name}_bench PRIVATE audit_${name} ${ROOM_TEST_DEPS} ${ROOM_LIBRARIES}
      benchmark::benchmark benchmark::benchmark_main Threads::Threads)
  endif()
endfunction()

# audit_server_test(<name> SERVER postgres|kafka SOURCES ... DEPS rooms ... [LIBRARIES external ...])
# An executable of unit tests that need a real server: tests/servers/<SERVER>.py starts one for it, of
# its own, and takes it away again. One CTest test servers.<name> with the label "servers".
function(audit_server_test name)
  cmake_parse_arguments(TEST "" "SERVER" "SOURCES;DEPS;LIBRARIES" ${ARGN})
  if(AUDIT_TESTS)
    list(TRANSFORM TEST_DEPS PREPEND audit_)
    add_executable(${name}_test ${TEST_SOURCES})
    target_link_libraries(${name}_test PRIVATE audit_options ${TEST_DEPS} ${TEST_LIBRARIES}
      GTest::gmock GTest::gtest_main Threads::Threads)
    add_test(NAME servers.${name}
      COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/servers/${TEST_SERVER}.py run $<TARGET_FILE:${name}_test>)
    set_tests_properties(servers.${name} PROPERTIES LABELS servers TIMEOUT 900
      ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  endif()
endfunction()

# audit_fuzzer(<name> SOURCES ... DEPS rooms ...): a libFuzzer executable fuzz_<name>; its seeds lie
# in fuzz/corpus/<name>.
function(audit_fuzzer name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;DEPS" ${ARGN})
  if(AUDIT_FUZZERS)
    list(TRANSFORM FUZZ_DEPS PREPEND audit_)
    add_executable(fuzz_${name} ${FUZZ_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE audit_options ${FUZZ_DEPS} -fsanitize=fuzzer)
  endif()
endfunction()
