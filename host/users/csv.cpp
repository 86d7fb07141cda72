// SPDX-License-Identifier: Apache-2.0
#include "host/users/csv.hpp"

#include <csv.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace sallyport::users {
namespace {

enum class Column : std::uint8_t { kName, kFullName, kRole, kEnabled, kGroups, kPasswordHash };
constexpr std::array<std::string_view, 6> kColumns = {"name",    "full_name", "role",
                                                      "enabled", "groups",    "password_hash"};
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // which spreadsheets put in front of UTF-8

struct Line {
  unsigned number = 0;
  std::vector<std::string> fields;
};

// libcsv pushes; the directory pulls. Lines that were pushed wait.
class Reader {
 public:
  explicit Reader(const TextSource& more) : more_(more) {
    csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { csv_free(&parser_); }

  Result<std::optional<Line>> next() {
    while (taken_ == lines_.size() && !ended_) {
      lines_.clear();
      taken_ = 0;
      const auto part = more_();
      if (!part) return part.error();
      ended_ = part->empty();
      const bool fine = ended_ ? csv_fini(&parser_, on_field, on_line, this) == 0 : parse(*part);
      if (!fine) return Error{Errc::kInvalid, "line " + std::to_string(row_) + ": " + what_is_wrong()};
    }
    if (taken_ == lines_.size()) return std::optional<Line>();
    return std::optional<Line>(std::move(lines_[taken_++]));
  }

 private:
  // One line of the text after the other, as libcsv does not tell where it is.
  bool parse(std::string_view part) {
    if (number_ == 1 && !in_row_ && part.starts_with(kByteOrderMark)) part.remove_prefix(kByteOrderMark.size());
    while (!part.empty()) {
      if (!in_row_) row_ = number_;
      in_row_ = true;
      const std::size_t size = std::min(part.find('\n'), part.size() - 1) + 1;
      if (csv_parse(&parser_, part.data(), size, on_field, on_line, this) != size) return false;
      if (part[size - 1] == '\n') ++number_;
      part.remove_prefix(size);
    }
    return true;
  }
  std::string what_is_wrong() {
    const int error = csv_error(&parser_);
    if (error != CSV_EPARSE) return csv_strerror(error);
    return "a '\"' in a field must be written twice, and the field between two of them";
  }
  static void on_field(void* field, std::size_t size, void* self) {
    auto* reader = static_cast<Reader*>(self);
    reader->fields_.emplace_back(field == nullptr ? "" : std::string(static_cast<const char*>(field), size));
  }
  static void on_line(int /*last*/, void* self) {
    auto* reader = static_cast<Reader*>(self);
    const bool blank = reader->fields_.empty();
    if (!blank) reader->lines_.push_back({reader->row_, std::move(reader->fields_)});
    reader->fields_.clear();
    reader->in_row_ = false;
  }

  csv_parser parser_{};
  const TextSource& more_;
  bool ended_ = false;
  unsigned number_ = 1;  // of the text's line
  unsigned row_ = 1;     // that of the line in which the row begins
  bool in_row_ = false;
  std::vector<std::string> fields_;
  std::vector<Line> lines_;
  std::size_t taken_ = 0;
};

std::string at_line(unsigned line) { return "line " + std::to_string(line) + ": "; }

Result<std::vector<Column>> columns_of(const Line& first) {
  std::vector<Column> columns;
  for (const std::string& word : first.fields) {
    const auto* known = std::find(kColumns.begin(), kColumns.end(), word);
    if (known == kColumns.end()) {
      return Error{Errc::kInvalid, at_line(first.number) + "no such column '" + word +
                                       "'; there are name, full_name, role, enabled, groups and password_hash"};
    }
    const auto column = static_cast<Column>(known - kColumns.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return Error{Errc::kInvalid, at_line(first.number) + "column '" + word + "' stands there twice"};
    }
    columns.push_back(column);
  }
  if (std::find(columns.begin(), columns.end(), Column::kName) == columns.end()) {
    return Error{Errc::kInvalid, at_line(first.number) + "the first line must name the columns, and 'name' among them"};
  }
  return columns;
}

Result<Directory::Imported> user_on(const Line& line, const std::vector<Column>& columns) {
  if (line.fields.size() != columns.size()) {
    return Error{Errc::kInvalid, at_line(line.number) + std::to_string(line.fields.size()) + " fields, and there are " +
                                     std::to_string(columns.size()) + " columns"};
  }
  Directory::Imported imported;
  imported.line = line.number;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& field = line.fields[i];
    switch (columns[i]) {
      case Column::kName:
        imported.name = field;
        break;
      case Column::kFullName:
        imported.full_name = field;
        break;
      case Column::kRole:
        imported.role.emplace();
        if (!field.empty()) {
          auto role = role_named(field);
          if (!role) return Error{Errc::kInvalid, at_line(line.number) + role.error().detail};
          *imported.role = *role;
        }
        break;
      case Column::kEnabled:
        if (field != "yes" && field != "no") {
          return Error{Errc::kInvalid, at_line(line.number) + "enabled is 'yes' or 'no', not '" + field + "'"};
        }
        imported.enabled = field == "yes";
        break;
      case Column::kGroups: {
        std::istringstream groups(field);
        imported.groups.emplace();
        for (std::string group; std::getline(groups, group, ';');) imported.groups->push_back(group);
        break;
      }
      case Column::kPasswordHash:
        if (!field.empty()) imported.password_hash = field;
        break;
    }
  }
  return imported;
}

std::string field_of(const std::string& field) {
  Buffer out(csv_write(nullptr, 0, field.data(), field.size()));
  csv_write(out.data(), out.size(), field.data(), field.size());
  return {out.begin(), out.end()};
}

}  // namespace

Result<Directory::ImportCount> import_csv(Directory& directory, const std::string& actor, const TextSource& more) {
  Reader reader(more);
  auto first = reader.next();
  if (!first) return first.error();
  if (!*first) return Error{Errc::kInvalid, "line 1: the file is empty; its first line names the columns"};
  auto columns = columns_of(**first);
  if (!columns) return columns.error();
  return directory.import(actor, [&]() -> Result<std::optional<Directory::Imported>> {
    auto line = reader.next();
    if (!line) return line.error();
    if (!*line) return std::optional<Directory::Imported>();
    auto imported = user_on(**line, *columns);
    if (!imported) return imported.error();
    return std::optional<Directory::Imported>(std::move(*imported));
  });
}

Result<Directory::ImportCount> import_csv(Directory& directory, const std::string& actor, std::string_view text) {
  return import_csv(directory, actor, [&]() -> Result<std::string> {
    constexpr std::size_t kAtOnce = 64 * 1024;
    const std::string part(text.substr(0, kAtOnce));
    text.remove_prefix(part.size());
    return part;
  });
}

Result<CsvPage> export_csv(Directory& directory, bool hashes, const std::string& after) {
  constexpr unsigned kUsersAtOnce = 1000;
  const auto users = directory.users(after, kUsersAtOnce);
  if (!users) return users.error();
  const std::string last = users->empty() ? "" : users->back().name;
  std::map<std::string, std::string> passwords;
  if (hashes && !users->empty()) {
    auto found = directory.credentials(CredentialKind::kPassword, after, last);
    if (!found) return found.error();
    passwords = std::move(*found);
  }
  CsvPage page;
  if (after.empty())
    page.csv = hashes ? "name,full_name,role,enabled,groups,password_hash\n" : "name,full_name,role,enabled,groups\n";
  for (const User& user : *users) {
    std::string groups;
    for (const std::string& group : user.groups) groups += (groups.empty() ? "" : ";") + group;
    page.csv += field_of(user.name) + ',' + field_of(user.full_name) + ',' +
                (user.role ? std::string(to_string(*user.role)) : "") + ',' + (user.enabled ? "yes" : "no") + ',' +
                field_of(groups);
    if (hashes) {
      const auto hash = passwords.find(user.name);
      page.csv += ',' + (hash == passwords.end() ? "" : field_of(hash->second));
    }
    page.csv += '\n';
  }
  if (users->size() == kUsersAtOnce) page.after = last;
  return page;
}

}  // namespace sallyport::users
