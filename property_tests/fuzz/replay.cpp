// SPDX-License-Identifier: MIT
// Runs a fuzz target over files and folders of inputs, under any compiler: the corpus that
// make_corpus writes and the inputs that once crashed. One input after the other, each named before
// it runs, so that a crash says which.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "target.hpp"

namespace {

bool run(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return false;
  std::printf("%s (%zu bytes)\n", path.c_str(), bytes.size());
  std::fflush(stdout);
  // Exactly sized, so that a sanitizer sees reads behind the end.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  return LLVMFuzzerTestOneInput(input.data(), input.size()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> inputs;
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
        inputs.push_back(entry.path());
      }
    } else if (std::filesystem::exists(argv[i])) {
      inputs.emplace_back(argv[i]);
    }
  }
  std::sort(inputs.begin(), inputs.end());
  const bool good = std::all_of(inputs.begin(), inputs.end(), run);
  std::printf("%zu inputs\n", inputs.size());
  return good && !inputs.empty() ? 0 : 1;
}
