# Cross builds on Debian, with the board's libraries installed beside our own (libwebsockets-dev:armhf ...):
#   cmake -DCMAKE_TOOLCHAIN_FILE=packaging/cmake/debian-multiarch.cmake -DTRIPLET=arm-linux-gnueabihf
# Boards: arm-linux-gnueabihf (armhf), aarch64-linux-gnu (arm64).
if(NOT TRIPLET)
  message(FATAL_ERROR "Which board? Give its triplet, for example -DTRIPLET=arm-linux-gnueabihf.")
endif()
# CMake's own trial compilations read this file too, in a project that knows only what is named here.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRIPLET)

set(CMAKE_SYSTEM_NAME Linux)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR ${TRIPLET})
set(CMAKE_LIBRARY_ARCHITECTURE ${TRIPLET})
set(CMAKE_C_COMPILER ${TRIPLET}-gcc)
set(CMAKE_ASM_COMPILER ${TRIPLET}-gcc)

# The wrapper looks into /usr/lib/${TRIPLET}/pkgconfig and /usr/share/pkgconfig, never into the
# builder's own folder.
set(PKG_CONFIG_EXECUTABLE ${TRIPLET}-pkg-config CACHE STRING "pkg-config of the board's libraries")
