// SPDX-License-Identifier: Apache-2.0
// Candidate, commit and history.
#include <boost/json.hpp>
#include <ctime>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

std::string or_any(const std::string& value) { return value.empty() ? "any" : value; }

// "  office changed: esp_proposals aes128gcm16 -> aes256gcm16"
std::string change_of(const json::value& change, const std::string& of) {
  const bool is_new = text(change, "change") == "added";
  std::string out = "  " + of + " " + text(change, "change");
  const char* between = ": ";
  for (const auto& word : list(change, "words")) {
    out += between + text(word, "word") + " ";
    out += is_new ? text(word, "after") : or_any(text(word, "before")) + " -> " + or_any(text(word, "after"));
    between = ", ";
  }
  if (flag(change, "moved") && text(change, "change") != "moved") out += ", and moved";
  return out + "\n";
}

// The same of levels, "  level middle: aes128gcm16 -> aes256gcm16", policies and expectations.
std::string changes_of(const json::value& object) {
  std::string out;
  for (const auto& level : list(object, "level_changes")) {
    out += "  level " + text(level, "level") + ": " + joined(level, "before", ", ") + " -> " +
           joined(level, "after", ", ") + "\n";
  }
  for (const auto& change : list(object, "changes")) out += change_of(change, text(change, "policy"));
  for (const auto& change : list(object, "expectation_changes")) {
    out += change_of(change, "expectation " + text(change, "expectation"));
  }
  return out.empty() ? "  nothing\n" : out;
}

std::string confirm_line(const json::value& answer) {
  if (!has(answer, "confirm_s")) return {};
  return "rolled back in " + std::to_string(number(answer, "confirm_s")) + " s unless: sallyport confirm\n";
}

std::string local_time(std::uint64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm broken_down{};
  char out[32] = "";
  if (::localtime_r(&time, &broken_down) != nullptr) std::strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &broken_down);
  return out;
}

}  // namespace

std::string candidate_screen(const json::value& candidate) {
  const std::string newest = std::to_string(number(candidate, "newest"));
  if (!flag(candidate, "exists")) {
    return "no candidate; configuration " + newest +
           " is in force, and sallyport candidate add, replace, set, delete, " +
           "move, level or expectation begins one\n";
  }
  std::string out = "from configuration " + std::to_string(number(candidate, "base"));
  if (number(candidate, "base") != number(candidate, "newest")) {
    out += "; " + newest + " is in force since: sallyport candidate rebase";
  }
  return out + "\n" + policies_table(candidate) + "different from what is in force:\n" + changes_of(candidate) +
         findings_text(candidate);
}

std::string commit_screen(const json::value& report) {
  std::string notes = findings_text(report);
  for (const auto& verdict : list(report, "expectations")) {
    if (!flag(verdict, "holds")) notes += "FAILS: " + text(verdict, "name") + ": " + text(verdict, "sentence") + "\n";
  }
  if (!flag(report, "committed") && number(report, "failed") > 0) {
    return notes + "nothing has changed, because not all expectations hold; --force commits it all the same\n";
  }
  Table table({"policy", "change", "connection"});
  for (const auto& one : list(report, "policies")) {
    std::string how = text(one, "detail");
    if (!flag(one, "connected") && !how.empty()) how = "NOT: " + how;
    if (flag(one, "pending")) {
      const bool by_syn = text(one, "takes_over") == "syn";
      how += how.empty() ? "" : "; ";
      how += std::string("takes over ") + (by_syn ? "with new connections, else " : "") + "when the old SA is idle";
    }
    table.add({text(one, "policy"), text(one, "change"), how});
  }
  if (!flag(report, "committed")) {
    return notes + table.text() +
           "nothing has changed, because not all of it connects; --force commits it all the same\n";
  }
  return notes + table.text() + "configuration " + std::to_string(number(report, "number")) +
         " is in force as generation " + std::to_string(number(report, "generation")) + "\n" + confirm_line(report);
}

std::string history_screen(const json::value& history) {
  Table table({">#", "time", "who", "what", "comment"});
  for (const auto& one : list(history, "configurations")) {
    table.add({std::to_string(number(one, "number")), local_time(number(one, "time")), text(one, "who"),
               text(one, "summary"), text(one, "comment")});
  }
  return table.text() + confirm_line(history);
}

std::string configuration_screen(const json::value& configuration) {
  std::string out = "configuration " + std::to_string(number(configuration, "number")) + ", " +
                    local_time(number(configuration, "time")) + ", " + text(configuration, "who");
  if (const auto comment = text(configuration, "comment"); !comment.empty()) out += ": " + comment;
  out += "\n" + policies_table(configuration);
  if (has(configuration, "changes")) out += "different from the one before:\n" + changes_of(configuration);
  return out;
}

}  // namespace sallyport::cli
