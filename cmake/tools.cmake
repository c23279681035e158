# SPDX-License-Identifier: GPL-3.0-or-later
# Optional speed-ups of the daily loop: used when installed, never required.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND NOT BOOTFERRY_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()
