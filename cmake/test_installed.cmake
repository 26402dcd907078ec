# SPDX-License-Identifier: Apache-2.0
# Installs the C++ client into a folder of its own, builds the examples against it as a stranger would, and
# runs the one that needs no server.
set(prefix ${BUILD}/installed_client)
set(example ${BUILD}/installed_example)
file(REMOVE_RECURSE ${prefix} ${example})

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(code)
        message(FATAL_ERROR "${ARGN} ended with ${code}:\n${said}")
    endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --component client --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${example} -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${example})
run(${example}/project_points)
file(GLOB headers RELATIVE ${prefix}/include ${prefix}/include/* ${prefix}/include/*/*)
if(NOT headers STREQUAL "oort;oort/experiment.h;oort/projection.h")
    message(FATAL_ERROR "installed headers are ${headers}")
endif()
