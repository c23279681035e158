// SPDX-License-Identifier: GPL-3.0-or-later
// What parent and child of run_confined agree on: one program on both sides, one version.
//
//   argv   bootferry --confined JOB ARGUMENT MEMORY PROCESSOR OUTPUT OFFSET SIZE [beside]
//   0 nothing   1 results   2 nothing   3 the file   4 the pipe   5 the file beside it, if there is one
//   pipe   kind, one octet; Landlock or not, one octet; the answer's text, or words
#pragma once

#include <cstddef>

namespace content {

inline constexpr const char* confined_word = "--confined";
inline constexpr const char* beside_word = "beside";
inline constexpr int child_file = 3;
inline constexpr int child_pipe = 4;
inline constexpr int child_beside = 5;

inline constexpr char answer_good = '+';
inline constexpr char answer_refused = 'R';
inline constexpr char answer_no_memory = 'M';
inline constexpr char answer_too_large = 'L';
inline constexpr char answer_no_walls = 'W';
inline constexpr char answer_landlock = 'l';
inline constexpr char answer_no_landlock = '-';
inline constexpr std::size_t longest_reason = 400;

// Address sanitizer needs terabytes of addresses, and words on standard error.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace content
