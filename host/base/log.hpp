// SPDX-License-Identifier: Apache-2.0
// Logging: a line is an event and its fields, "sa.installed spi=0x8f21c0aa peer=192.0.2.7".
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sallyport::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

// A name and its value as text. A value that is empty or holds a blank, a quote, a backslash or a control character is
// written in quotes.
struct Field {
  std::string_view name;
  std::string value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v ? "yes" : "no") {}
  template <std::integral T>
  Field(std::string_view n, T v) : name(n), value(std::to_string(v)) {}
};

// Where lines go: standard error, with the time in front unless the journal adds its own.
void set_level(Level lowest);

void debug(std::string_view event, std::initializer_list<Field> fields = {});
void info(std::string_view event, std::initializer_list<Field> fields = {});
void warning(std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view event, std::initializer_list<Field> fields = {});

// The text of a line, without time and level.
[[nodiscard]] std::string line(std::string_view event, std::initializer_list<Field> fields);

// 0x8f21c0aa: how SPIs are written everywhere.
[[nodiscard]] std::string hex32(std::uint32_t value);

}  // namespace sallyport::log
