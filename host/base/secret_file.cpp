// SPDX-License-Identifier: Apache-2.0
#include "host/base/secret_file.hpp"

#include <sys/stat.h>

#include <cctype>
#include <fstream>
#include <sstream>

namespace sallyport {

Result<Secret> read_secret(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return errno_error("open " + file.string());
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::kDenied, file.string() + " can be read by others; run: chmod 600 " + file.string()};
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return errno_error("open " + file.string());
  std::ostringstream text;
  text << in.rdbuf();
  std::string characters = std::move(text).str();
  Buffer plain(characters.begin(), characters.end());
  wipe({reinterpret_cast<std::uint8_t*>(characters.data()), characters.size()});
  while (!plain.empty() && std::isspace(plain.back()) != 0) plain.pop_back();
  if (plain.empty()) return Error{Errc::kInvalid, file.string() + " is empty"};
  return Secret::consume(plain);
}

Secret required_secret(TomlSection& section) {
  const auto file = section.path("secret_file");
  const auto text = section.text("secret");
  if (file.has_value() == text.has_value()) {
    section.problem("needs either 'secret_file' (a file that only its owner can read) or 'secret'");
    return {};
  }
  if (file) return section.checked("secret_file", read_secret(*file));
  if (text->empty()) section.problem("secret", "is empty");
  Buffer plain(text->begin(), text->end());
  return Secret::consume(plain);
}

}  // namespace sallyport
