// SPDX-License-Identifier: Apache-2.0
#include "host/login/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "host/base/toml_section.hpp"
#include "host/mark/order.hpp"

namespace sallyport::login {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kPort = 4510;  // ours, the gateway's default too
constexpr std::size_t kDigits = 64;    // of a SHA-256

bool is_digest(std::string_view text) {
  return text.size() == kDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

Result<Config> parse_config(const std::string& text, const fs::path& file, Methods methods) {
  Problems problems(file.string());
  const auto table = parse_toml(text, problems);
  if (!table) return Error{Errc::kInvalid, problems.text()};
  TomlSection section(problems, *table, "the configuration");

  Config config;
  config.gateway.host = section.required_text("gateway");
  config.gateway.port = static_cast<std::uint16_t>(section.number("port", 1, 65535).value_or(kPort));
  config.gateway.key_digest = section.text_or("key", "");
  std::transform(config.gateway.key_digest.begin(), config.gateway.key_digest.end(), config.gateway.key_digest.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  config.gateway.ca = section.path("ca");
  if (!config.gateway.key_digest.empty() && !is_digest(config.gateway.key_digest)) {
    section.problem("key", "must be the SHA-256 of the gateway's public key, 64 hexadecimal digits");
  }
  if (config.gateway.key_digest.empty() && !config.gateway.ca) {
    section.problem("needs 'key', the digest of the gateway's public key, or 'ca', a file");
  }
  const auto certificate = section.path("certificate");
  const auto key = section.path("certificate_key");
  if (certificate && key) config.gateway.identity = {*certificate, *key};
  if (certificate.has_value() != key.has_value()) section.problem("needs 'certificate' and 'certificate_key' together");

  std::vector<std::string_view> names;
  for (const Method& method : methods) names.push_back(method.name);
  if (!section.has("method")) section.problem("needs 'method'");
  const auto chosen = section.choice("method", names);
  for (std::size_t i = 0; i < methods.size(); ++i) {
    auto make = methods[i].read(section, chosen == i);
    if (chosen != i) continue;
    config.method = names[i];
    config.make_prover = std::move(make);
  }
  config.user = section.text_or("user", "");
  config.notify = section.text_or("notify", "");
  const std::vector<std::string_view> markings = {"off", "tag"};
  config.marking = section.choice("marking", markings).value_or(0) == 1;
  config.protect = section.texts("protect");
  for (const std::string& prefix : config.protect) {
    if (auto fine = mark::parse_prefix(prefix); !fine) section.problem("protect", fine.error().detail);
  }
  if (!config.marking && !config.protect.empty())
    section.problem("protect", "says what is marked, and 'marking' is not \"tag\"");
  section.finish();
  if (!problems.empty()) return Error{Errc::kInvalid, problems.text()};
  return config;
}

Result<Config> load_config(const fs::path& file, Methods methods) {
  std::ifstream in(file);
  if (!in) return errno_error("read " + file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return parse_config(text.str(), file, methods);
}

fs::path usual_config() {
  const char* home = std::getenv("HOME");
  const char* base = std::getenv("XDG_CONFIG_HOME");
  const fs::path folder = base != nullptr ? fs::path(base) : fs::path(home != nullptr ? home : "/") / ".config";
  const fs::path own = folder / "sallyport/login.toml";
  std::error_code ignored;
  return fs::exists(own, ignored) ? own : "/etc/sallyport/login.toml";
}

}  // namespace sallyport::login
