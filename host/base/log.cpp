// SPDX-License-Identifier: Apache-2.0
// Logging by spdlog to standard error.
#include "host/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sallyport::log {
namespace {

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("sallyport", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // systemd sets JOURNAL_STREAM for a service whose standard error is the journal, which keeps the time itself.
    const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    made.set_pattern(journal ? "%L %v" : "%Y-%m-%dT%H:%M:%S.%e %L %v");
    made.flush_on(spdlog::level::trace);
    return made;
  }();
  return instance;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(),
                                      [](unsigned char c) { return c <= ' ' || c == '"' || c == '\\' || c == 0x7f; });
}

// What comes from a peer ends up here too, so a newline must not be able to start a line of its own.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < ' ' || u == 0x7f) {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", u);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

void write(spdlog::level::level_enum level, std::string_view event, std::initializer_list<Field> fields) {
  if (!logger().should_log(level)) return;
  logger().log(level, spdlog::string_view_t(line(event, fields)));
}

}  // namespace

void set_level(Level lowest) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                   spdlog::level::err};
  logger().set_level(kLevels[static_cast<std::size_t>(lowest)]);
}

void debug(std::string_view event, std::initializer_list<Field> fields) { write(spdlog::level::debug, event, fields); }
void info(std::string_view event, std::initializer_list<Field> fields) { write(spdlog::level::info, event, fields); }
void warning(std::string_view event, std::initializer_list<Field> fields) { write(spdlog::level::warn, event, fields); }
void error(std::string_view event, std::initializer_list<Field> fields) { write(spdlog::level::err, event, fields); }

std::string line(std::string_view event, std::initializer_list<Field> fields) {
  std::string out(event);
  for (const Field& f : fields) {
    out += ' ';
    out += f.name;
    out += '=';
    if (needs_quotes(f.value)) {
      append_quoted(out, f.value);
    } else {
      out += f.value;
    }
  }
  return out;
}

std::string hex32(std::uint32_t value) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

}  // namespace sallyport::log
