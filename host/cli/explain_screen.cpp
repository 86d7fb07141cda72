// SPDX-License-Identifier: Apache-2.0
// What becomes of a packet, and whether that is as expected.
#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"

namespace sallyport::cli {

namespace json = boost::json;

std::string explain_screen(const json::value& explained) {
  std::string out = text(explained, "packet") + "\n";
  for (const auto& note : list(explained, "notes")) {
    if (note.is_string()) out += "note: " + std::string(note.get_string()) + "\n";
  }
  for (const auto& answer : list(explained, "answers")) {
    out += "\n" + text(answer, "as") + ": " + text(answer, "sentence") + "\n";
    const auto& before = list(answer, "before");
    if (before.empty()) continue;
    Table table({"passed over", "because"});
    for (const auto& passed : before) table.add({text(passed, "policy"), joined(passed, "reasons", "; ")});
    out += table.text();
  }
  return out;
}

std::string expectations_screen(const json::value& verdicts) {
  const auto& all = list(verdicts, "expectations");
  if (all.empty()) return "no expectations; write sections [[expectations]], or: sallyport expectation add\n";
  std::string out;
  for (const auto& verdict : all) {
    out += (flag(verdict, "holds") ? "holds: " : "FAILS: ") + text(verdict, "name") + ": " + text(verdict, "sentence") +
           "\n";
  }
  return out + std::to_string(number(verdicts, "failed")) + " of " + std::to_string(all.size()) + " fail\n";
}

std::string expectation_words_screen(const json::value& expectations) {
  if (list(expectations, "expectations").empty()) return expectations_screen(expectations);
  Table table({"expectation", "about", "holds"});
  for (const auto& one : list(expectations, "expectations")) {
    std::string about;
    const auto* words = part(one, "words").if_object();
    for (const auto& word : words == nullptr ? json::object() : *words) {
      if (word.key() == "name" || !word.value().is_string()) continue;
      about += (about.empty() ? "" : " ") + std::string(word.key()) + "=" + std::string(word.value().get_string());
    }
    table.add({text(one, "name"), about, flag(one, "holds") ? "yes" : "NO"});
  }
  return table.text();
}

}  // namespace sallyport::cli
