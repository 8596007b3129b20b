# The one place where warnings, optimisation and sanitizers are set.
add_library(audit_options INTERFACE)
target_compile_options(audit_options INTERFACE
  -Wall -Wextra -Werror -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Wunused -Woverloaded-virtual -Wnull-dereference -Wformat=2
  -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(audit_options INTERFACE -Wthread-safety -Wimplicit-fallthrough)
endif()
target_compile_definitions(audit_options INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_include_directories(audit_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(AUDIT_SANITIZE)
  add_compile_options(-fsanitize=${AUDIT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AUDIT_SANITIZE})
endif()
add_link_options(-fuse-ld=lld-19 -Wl,-z,relro,-z,now -Wl,--gc-sections)
add_compile_options(-ffunction-sections -fdata-sections)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
