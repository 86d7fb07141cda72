// SPDX-License-Identifier: Apache-2.0
// Reading a TOML table so that nothing in it goes unchecked.
#include "host/base/toml_section.hpp"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

// Levenshtein's distance: insertions, deletions and replacements from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

const toml::table kEmptyTable;

}  // namespace

void Problems::add(std::uint32_t line, std::string_view sentence) {
  std::string where = file_;
  if (line != 0) where += ":" + std::to_string(line);
  found_.push_back({line, where + ": " + std::string(sentence)});
}

std::string Problems::text() const {
  auto sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::string out;
  for (const Problem& p : sorted) {
    if (!out.empty()) out += '\n';
    out += p.text;
  }
  return out;
}

std::optional<std::string> nearest(std::string_view word, const std::set<std::string>& known) {
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t d = distance(word, candidate);
    if (d < least && d < candidate.size()) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

const toml::node* TomlSection::get(std::string_view key) {
  asked_.emplace(key);
  return table_->get(key);
}

bool TomlSection::has(std::string_view key) { return get(key) != nullptr; }

std::optional<std::string> TomlSection::text(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_string()) return value->get();
  problem(key, "must be text in quotes");
  return std::nullopt;
}

std::string TomlSection::text_or(std::string_view key, std::string_view otherwise) {
  return text(key).value_or(std::string(otherwise));
}

std::string TomlSection::required_text(std::string_view key) {
  if (!has(key)) {
    problem("needs '" + std::string(key) + "'");
    return {};
  }
  return text(key).value_or("");
}

std::optional<std::filesystem::path> TomlSection::path(std::string_view key) {
  const auto written = text(key);
  if (!written) return std::nullopt;
  return std::filesystem::path(problems_->file()).parent_path() / *written;
}

std::vector<std::string> TomlSection::texts(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return {};
  if (const auto* value = node->as_string()) return {value->get()};
  std::vector<std::string> out;
  if (const auto* array = node->as_array()) {
    for (const toml::node& element : *array) {
      const auto* value = element.as_string();
      if (value == nullptr) {
        problem(key, "must be a list of texts in quotes");
        return {};
      }
      out.push_back(value->get());
    }
    return out;
  }
  problem(key, "must be text in quotes, or a list of such texts");
  return {};
}

std::optional<bool> TomlSection::boolean(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_boolean()) return value->get();
  problem(key, "must be true or false, without quotes");
  return std::nullopt;
}

std::optional<std::uint64_t> TomlSection::number(std::string_view key, std::uint64_t least, std::uint64_t most) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < 0 || static_cast<std::uint64_t>(value->get()) < least ||
      static_cast<std::uint64_t>(value->get()) > most) {
    problem(key, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value->get());
}

std::optional<std::chrono::seconds> TomlSection::duration(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_integer(); value != nullptr && value->get() >= 0) {
    return std::chrono::seconds(value->get());
  }
  const auto* value = node->as_string();
  auto parsed = parse_duration(value == nullptr ? "" : std::string_view(value->get()));
  if (!parsed) {
    problem(key, parsed.error().detail);
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::size_t> TomlSection::choice(std::string_view key, const std::vector<std::string_view>& words) {
  const auto word = text(key);
  if (!word) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string sentence = "'" + *word + "' is none of";
  for (const auto w : words) sentence += " '" + std::string(w) + "'";
  problem(key, sentence);
  return std::nullopt;
}

TomlSection TomlSection::section(std::string_view key, std::string name) {
  const toml::node* node = get(key);
  if (node == nullptr) return {*problems_, kEmptyTable, std::move(name)};
  if (const auto* table = node->as_table()) return {*problems_, *table, std::move(name)};
  problem(key, "must be a section, written [" + std::string(key) + "]");
  return {*problems_, kEmptyTable, std::move(name)};
}

std::vector<TomlSection> TomlSection::sections(std::string_view key, std::string_view name_of_one) {
  const toml::node* node = get(key);
  if (node == nullptr) return {};
  std::vector<TomlSection> out;
  const auto* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    problem(key, "must be sections, each written with double brackets: [[" + std::string(key) + "]]");
    return {};
  }
  for (const toml::node& element : *array) {
    const toml::table& table = *element.as_table();
    std::string name(name_of_one);
    if (const auto* given = table.get_as<std::string>("name")) name += " '" + given->get() + "'";
    out.emplace_back(*problems_, table, std::move(name));
  }
  return out;
}

void TomlSection::problem(std::string_view key, std::string_view sentence) {
  const toml::node* node = table_->get(key);
  problems_->add(node != nullptr ? node->source() : table_->source(),
                 name_ + " " + std::string(key) + ": " + std::string(sentence));
}

void TomlSection::problem(std::string_view sentence) {
  problems_->add(table_->source(), name_ + " " + std::string(sentence));
}

void TomlSection::finish() {
  for (const auto& [key, node] : *table_) {
    const std::string word(key.str());
    if (asked_.contains(word)) continue;
    std::string sentence = name_ + " has no '" + word + "'";
    if (const auto meant = nearest(word, asked_)) sentence += "; did you mean '" + *meant + "'?";
    problems_->add(key.source(), sentence);
  }
}

std::optional<toml::table> parse_toml(const std::string& text, Problems& problems) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    problems.add(e.source(), std::string("not TOML: ") + std::string(e.description()));
  }
  return std::nullopt;
}

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const int seconds = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  if (failure != std::errc{} || seconds == 0) {
    return Error{Errc::kInvalid, "must be a time such as \"30s\", \"10m\", \"4h\" or \"1d\""};
  }
  return std::chrono::seconds(std::int64_t{count} * seconds);
}

}  // namespace sallyport
