// SPDX-License-Identifier: Apache-2.0
// What every command may say that puts something in force all of it or nothing, and shows what became of each policy.
#pragma once

#include <boost/json/object.hpp>

#include "host/cli/commands.hpp"

namespace sallyport::cli {

struct CommitOptions {
  unsigned confirm_s = 0;  // 0: it need not be confirmed
  std::string comment;
  bool force = false;
  bool as_json = false;
};

// The options outlive the command.
void add_commit_options(CLI::App& command, CommitOptions& options, const std::string& help_of_force);

// `body` is completed by the options; the answer is a report.
[[nodiscard]] Outcome ask_to_commit(const Session& session, const std::string& method, const std::string& target,
                                    boost::json::object body, const CommitOptions& options);

}  // namespace sallyport::cli
