// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzz target once over each file of the given directories, so that every build
// with every compiler tries the kept inputs. README.md tells about the files and is no input.
// A directory without inputs is a failure: a wrong path must not look like success.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::size_t replay(const fs::path& directory) {
  std::size_t count = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (!entry.is_regular_file() || entry.path().filename() == "README.md") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
    // A copy of exactly this size: under ASan, one octet too far is then seen.
    const std::vector<std::uint8_t> input(content.begin(), content.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s <corpus directory>...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const std::size_t count = replay(argv[i]);
    std::printf("%s: %zu inputs\n", argv[i], count);
    if (count == 0) {
      std::fprintf(stderr, "%s: no inputs found\n", argv[i]);
      return 1;
    }
  }
  return 0;
}
