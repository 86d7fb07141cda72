// SPDX-License-Identifier: Apache-2.0
// Reading a TOML table so that nothing in it goes unchecked: a value of the wrong kind and a key nobody asked for are
// problems with file, line and remedy.
#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sallyport {

// Everything wrong with one file, so that a person mends it in one go.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  // "gw.toml:12: what is wrong; what to do"
  void add(const toml::source_region& where, std::string_view sentence) { add(where.begin.line, sentence); }
  void add(std::uint32_t line, std::string_view sentence);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] std::size_t count() const { return found_.size(); }
  [[nodiscard]] std::string text() const;  // one problem a line, in the order of the file

 private:
  struct Problem {
    std::uint32_t line;
    std::string text;
  };
  std::string file_;
  std::vector<Problem> found_;
};

// The known word nearest to `word`, if one is near enough to be what was meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::set<std::string>& known);

class TomlSection {
 public:
  // `name` as a person writes it: "[card]", "connection 'b'".
  TomlSection(Problems& problems, const toml::table& table, std::string name)
      : problems_(&problems), table_(&table), name_(std::move(name)) {}

  [[nodiscard]] bool has(std::string_view key);
  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise);
  [[nodiscard]] std::string required_text(std::string_view key);  // a missing one is a problem
  // A relative path is meant from the folder of the file that it is written in.
  [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view key);
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);  // an array of strings, or one string
  [[nodiscard]] std::optional<bool> boolean(std::string_view key);
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key, std::uint64_t least, std::uint64_t most);
  [[nodiscard]] std::optional<std::chrono::seconds> duration(std::string_view key);  // "30s", "10m", "4h", "1d"
  // One of `words`; its place among them.
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& words);

  // Sub-tables. An absent one is none; `section` gives an empty one so that required keys are still asked for.
  [[nodiscard]] TomlSection section(std::string_view key, std::string name);
  [[nodiscard]] std::vector<TomlSection> sections(std::string_view key, std::string_view name_of_one);

  void problem(std::string_view key, std::string_view sentence);  // at the key's line, with the section's name in front
  void problem(std::string_view sentence);                        // at the section's
  void rename(std::string name) { name_ = std::move(name); }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Unwraps, or notes the problem and gives `otherwise`.
  template <class T>
  T checked(std::string_view key, Result<T> result, T otherwise = {}) {
    if (result) return std::move(result).value();
    problem(key, result.error().detail);
    return otherwise;
  }

  // To be called when everything has been asked for: what is left is unknown.
  void finish();

 private:
  const toml::node* get(std::string_view key);

  Problems* problems_;
  const toml::table* table_;
  std::string name_;
  std::set<std::string> asked_;
};

// Reads and parses a file; `problems` tells why there is no table.
[[nodiscard]] std::optional<toml::table> parse_toml(const std::string& text, Problems& problems);

// "90s", "10m", "4h", "1d"; a plain number counts seconds.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace sallyport
