// SPDX-License-Identifier: Apache-2.0
#include "host/cli/word_options.hpp"

#include <algorithm>

namespace sallyport::cli {

CLI::Option* add_word_option(CLI::App& command, Words& words, std::string_view word, const std::string& help) {
  std::string option = "--" + std::string(word);
  std::replace(option.begin(), option.end(), '_', '-');
  return command.add_option_function<std::string>(
      option, [&words, word](const std::string& value) { words.insert_or_assign(std::string(word), value); }, help);
}

std::string help_of_question(std::string_view word) {
  static const std::map<std::string_view, const char*> kHelp = {
      {"user", "who sends (whoever is logged in at --from)"},
      {"from", "the packet's source (the user's computer, else some address of the LAN)"},
      {"to", "its destination"},
      {"protocol", "tcp, udp, icmp, ipv6-icmp or a number (tcp where there is a port, else icmp)"},
      {"port", "of the destination"},
      {"source_port", "of the source (49152)"},
      {"at", "\"mon 08:00\", for policies with time windows (now)"},
  };
  const auto found = kHelp.find(word);
  return found == kHelp.end() ? std::string() : found->second;
}

}  // namespace sallyport::cli
