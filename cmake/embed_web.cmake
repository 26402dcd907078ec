# SPDX-License-Identifier: Apache-2.0
# Puts the built web app inside the program: writes OUTPUT.S, which includes each file's bytes, and
# OUTPUT.cpp, the table of names, types and hashes. Run as a script with -DDIST=… -DOUTPUT=…; files that did
# not change are not written, so that nothing is built again. Without DIST/index.html the table is empty.
set(assembly ".section .note.GNU-stack,\"\",%progbits\n.section .rodata\n")
set(externs "")
set(rows "")
set(n_files 0)

function(type_of name result)
    get_filename_component(extension "${name}" LAST_EXT)
    set(types
        .html "text/html\; charset=utf-8" .js "text/javascript\; charset=utf-8" .css "text/css\; charset=utf-8"
        .json application/json .webmanifest application/manifest+json .svg image/svg+xml .png image/png
        .ico image/x-icon .webp image/webp .woff2 font/woff2 .wasm application/wasm
        .txt "text/plain\; charset=utf-8")
    list(FIND types "${extension}" index)
    set(type application/octet-stream)
    if(index GREATER -1)
        math(EXPR index "${index} + 1")
        list(GET types ${index} type)
    endif()
    set(${result} "${type}" PARENT_SCOPE)
endfunction()

if(EXISTS "${DIST}/index.html")
    file(GLOB_RECURSE files RELATIVE "${DIST}" "${DIST}/*")
    list(SORT files)
    foreach(name IN LISTS files)
        get_filename_component(extension "${name}" LAST_EXT)
        if(extension STREQUAL ".map")
            continue()
        endif()
        set(path "${DIST}/${name}")
        file(SHA256 "${path}" hash)
        type_of("${name}" type)
        # The hash is in the text, so the assembly changes with the content.
        string(APPEND assembly "/* ${hash} */\n.global oort_web_${n_files}\n.global oort_web_${n_files}_end\n"
            "oort_web_${n_files}:\n.incbin \"${path}\"\noort_web_${n_files}_end:\n.byte 0\n")
        string(APPEND externs "extern \"C\" const char oort_web_${n_files}[], oort_web_${n_files}_end[];\n")
        string(APPEND rows "        row(\"/${name}\", \"${type}\", \"${hash}\", oort_web_${n_files}, "
            "oort_web_${n_files}_end),\n")
        math(EXPR n_files "${n_files} + 1")
    endforeach()
endif()

set(table "#include \"server/web_files.h\"\n\n#include <vector>\n\n${externs}\nnamespace oort {\n\n")
if(n_files GREATER 0)
    string(APPEND table
        "static WebFile row(const char* path, const char* type, const char* hash, const char* begin,\n"
        "                   const char* end) {\n"
        "    return {path, type, hash, {begin, static_cast<std::size_t>(end - begin)}};\n}\n\n"
        "std::span<const WebFile> web_files() {\n    static const std::vector<WebFile> files{\n${rows}    };\n"
        "    return files;\n}\n")
else()
    string(APPEND table "std::span<const WebFile> web_files() {\n    return {};\n}\n")
endif()
string(APPEND table "\n}  // namespace oort\n")

foreach(output IN ITEMS S cpp)
    set(content "${table}")
    if(output STREQUAL "S")
        set(content "${assembly}")
    endif()
    set(old "")
    if(EXISTS "${OUTPUT}.${output}")
        file(READ "${OUTPUT}.${output}" old)
    endif()
    if(NOT old STREQUAL content)
        file(WRITE "${OUTPUT}.${output}" "${content}")
    endif()
endforeach()
