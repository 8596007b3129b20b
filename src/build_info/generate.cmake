# Writes OUTPUT from VERSION (or $SERVICE_VERSION), GIT_COMMIT and BUILD_TIME, if it does not say the same already.
foreach(name GIT_COMMIT BUILD_TIME)
  if(NOT ${name})
    set(${name} "$ENV{${name}}")
  endif()
endforeach()

if(NOT "$ENV{SERVICE_VERSION}" STREQUAL "")
  set(VERSION "$ENV{SERVICE_VERSION}")
endif()

if(NOT GIT_COMMIT)
  execute_process(COMMAND git describe --always --abbrev=40 --dirty --exclude=*
    WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT GIT_COMMIT)
  set(GIT_COMMIT unknown)
endif()

# The time is that of the first build of this commit: an unchanged tree is not linked again.
set(identity "// ${VERSION} ${GIT_COMMIT} ${BUILD_TIME}")
if(EXISTS ${OUTPUT})
  file(STRINGS ${OUTPUT} previous LIMIT_COUNT 1)
  if(previous STREQUAL identity)
    return()
  endif()
endif()
if(NOT BUILD_TIME)
  string(TIMESTAMP BUILD_TIME "%Y-%m-%dT%H:%M:%SZ" UTC)
endif()
file(WRITE ${OUTPUT} "${identity}
#include \"build_info/build_info.h\"

namespace audit {

const BuildInfo& ThisBuild() {
  static constexpr BuildInfo kBuild{\"${VERSION}\", \"${BUILD_TIME}\", \"${GIT_COMMIT}\"};
  return kBuild;
}

}  // namespace audit
")
