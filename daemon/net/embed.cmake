# Writes the page into the program: OUT.S takes the gzipped files as they are, OUT.c says what they
# are. -DFOLDER=... -DOUT=... ; the agreement is in web/CMakeLists.txt.
file(STRINGS ${FOLDER}/manifest.txt lines)
set(assembly ".section .rodata\n")
set(names "")
set(rows "")
set(index 0)
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([^\t]+)\t([^\t]+)\t([^\t]+)\t([0-9]+)$")
    message(FATAL_ERROR "${FOLDER}/manifest.txt has a line that is not four columns: ${line}")
  endif()
  set(path "${CMAKE_MATCH_1}")
  set(type "${CMAKE_MATCH_2}")
  set(keep "${CMAKE_MATCH_3}")
  set(bytes "${CMAKE_MATCH_4}")
  if(NOT path MATCHES "^[A-Za-z0-9._/-]+$")
    message(FATAL_ERROR "${FOLDER}/manifest.txt: ${path} is no path to embed.")
  endif()
  file(SHA256 ${FOLDER}/${path} hash)
  string(SUBSTRING ${hash} 0 20 hash)
  string(APPEND assembly ".balign 8\n.global page_${index}\npage_${index}:\n"
                         ".incbin \"${FOLDER}/${path}.gz\"\n"
                         ".global page_${index}_end\npage_${index}_end:\n.byte 0\n")
  string(APPEND names "extern const unsigned char page_${index}[], page_${index}_end[];\n")
  if(keep STREQUAL "immutable")
    set(keep true)
  else()
    set(keep false)
  endif()
  string(APPEND rows "    {\"/${path}\", \"${type}\", \"\\\"${hash}\\\"\", ${keep}, ${bytes},\n"
                     "     page_${index}, page_${index}_end},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT}.S "${assembly}.section .note.GNU-stack,\"\",%progbits\n")
file(WRITE ${OUT}.c "/* Written by daemon/net/embed.cmake. */\n#include \"daemon/net/page.h\"\n\n"
                    "${names}\nconst struct page_file page_files[] = {\n${rows}"
                    "    {0},\n};\n")
