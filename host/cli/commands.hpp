// SPDX-License-Identifier: Apache-2.0
// The commands, each of which declares its words and says what is to be done once they are read.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "host/cli/outcome.hpp"

namespace sallyport::cli {

// What the command line says before and beside a command, and the command itself.
struct Session {
  std::string socket = "/run/sallyport/sallyport.sock";
  std::function<Outcome()> command;  // set by the command that was given
};

// The session outlives the application.
void add_query_commands(CLI::App& app, Session& session);   // status, sas, policies, counters, card
void add_policy_commands(CLI::App& app, Session& session);  // policy and candidate add, replace, set, delete, ...
void add_level_commands(CLI::App& app, Session& session);   // level set
void add_candidate_level_commands(CLI::App& candidate, Session& session);        // the same, below candidate
void add_expectation_commands(CLI::App& app, Session& session);                  // expectation add, delete
void add_candidate_expectation_commands(CLI::App& candidate, Session& session);  // the same, below candidate
void add_commit_commands(CLI::App& app, Session& session);                       // commit, confirm, history, rollback
void add_explain_commands(CLI::App& policy, Session& session);                   // explain, test, below policy
void add_sa_commands(CLI::App& app, Session& session);                           // initiate, terminate, rekey
void add_user_commands(CLI::App& app, Session& session);                         // user, group, session, answer, audit
void add_discover_command(CLI::App& app, Session& session);                      // discover

}  // namespace sallyport::cli
