# libsodium, Opus and cJSON for WebAssembly, from Debian's sources, under the names that pkg_check_modules gives
# to this machine's own. They are archives: what the module does not reach is not in it.
set(GALEN_WASM_SOURCES ${CMAKE_BINARY_DIR}/sources CACHE PATH "Where protocol/wasm/fetch-sources unpacks")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/sources.sha256 ${CMAKE_CURRENT_LIST_DIR}/fetch-sources)
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/fetch-sources ${GALEN_WASM_SOURCES}
                COMMAND_ERROR_IS_FATAL ANY)
add_compile_options(-ffile-prefix-map=${GALEN_WASM_SOURCES}=sources)

# Of libsodium, all but the variants for other processors.
set(sodium ${GALEN_WASM_SOURCES}/libsodium)
file(STRINGS ${sodium}/configure.ac lines REGEX "^(AC_INIT|SODIUM_LIBRARY_VERSION_M)")
string(REGEX MATCH "\\[([0-9.]+)\\]" _ "${lines}")
set(VERSION ${CMAKE_MATCH_1})
foreach(name SODIUM_LIBRARY_VERSION_MAJOR SODIUM_LIBRARY_VERSION_MINOR)
    string(REGEX MATCH "${name}=([0-9]+)" _ "${lines}")
    set(${name} ${CMAKE_MATCH_1})
endforeach()
set(include ${sodium}/src/libsodium/include)
configure_file(${include}/sodium/version.h.in ${include}/sodium/version.h @ONLY)
file(GLOB_RECURSE sources ${sodium}/src/libsodium/*.c)
list(FILTER sources EXCLUDE REGEX "(sse2|sse41|ssse3|avx2|avx512f|sandy2x|aesni|dolbeau|xmm6)")
add_library(sodium STATIC ${sources})
target_include_directories(sodium SYSTEM PUBLIC ${include})
target_include_directories(sodium PRIVATE ${include}/sodium)
target_compile_definitions(sodium PUBLIC SODIUM_STATIC=1
                           PRIVATE CONFIGURED=1 _WASI_EMULATED_SIGNAL NATIVE_LITTLE_ENDIAN=1 HAVE_GETENTROPY=1
                           HAVE_SYS_RANDOM_H=1 HAVE_EXPLICIT_BZERO=1)
add_library(PkgConfig::SODIUM ALIAS sodium)

set(opus ${GALEN_WASM_SOURCES}/opus)
file(GLOB sources ${opus}/src/*.c ${opus}/celt/*.c ${opus}/silk/*.c ${opus}/silk/float/*.c)
list(FILTER sources EXCLUDE REGEX "(_demo|opus_compare)\\.c$")
add_library(opus STATIC ${sources})
target_include_directories(opus SYSTEM PUBLIC ${opus}/include)
target_include_directories(opus PRIVATE ${opus}/celt ${opus}/silk ${opus}/silk/float)
target_compile_definitions(opus PRIVATE OPUS_BUILD VAR_ARRAYS HAVE_LRINT=1 HAVE_LRINTF=1 FLOAT_APPROX
                           ENABLE_HARDENING)
add_library(PkgConfig::OPUS ALIAS opus)

add_library(cjson STATIC ${GALEN_WASM_SOURCES}/cjson/cJSON.c)
target_include_directories(cjson SYSTEM PUBLIC ${GALEN_WASM_SOURCES})
add_library(PkgConfig::CJSON ALIAS cjson)

# Their warnings are not ours to mend.
foreach(library sodium opus cjson)
    target_compile_options(${library} PRIVATE -w)
endforeach()
