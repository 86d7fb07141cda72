// SPDX-License-Identifier: Apache-2.0
// Words of policies, questions and expectations as options: "source_port" is --source-port.
#pragma once

#include <map>

#include "host/cli/commands.hpp"

namespace sallyport::cli {

// By word.
using Words = std::map<std::string, std::string>;

// The words outlive the command.
CLI::Option* add_word_option(CLI::App& command, Words& words, std::string_view word, const std::string& help);

// Of a question's word; empty: it is none.
[[nodiscard]] std::string help_of_question(std::string_view word);

}  // namespace sallyport::cli
