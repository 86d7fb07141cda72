// SPDX-License-Identifier: Apache-2.0
// Reading an answer for people: what is missing or of another kind reads as nothing, never as a failure, so that a
// command line and a daemon of different age understand each other.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::cli {

[[nodiscard]] std::string text(const boost::json::value& object, std::string_view key);
[[nodiscard]] std::uint64_t number(const boost::json::value& object, std::string_view key);  // 0: none, or negative
[[nodiscard]] bool flag(const boost::json::value& object, std::string_view key);
[[nodiscard]] bool has(const boost::json::value& object, std::string_view key);
[[nodiscard]] const boost::json::array& list(const boost::json::value& object, std::string_view key);
[[nodiscard]] const boost::json::value& part(const boost::json::value& object, std::string_view key);
// The sum of a list of numbers.
[[nodiscard]] std::uint64_t sum(const boost::json::value& object, std::string_view key);
// The texts of a list, with `between` between them.
[[nodiscard]] std::string joined(const boost::json::value& object, std::string_view key, std::string_view between);

// What protects an SA's packets: "aes128gcm16", "ah sha256 esn transport".
[[nodiscard]] std::string protection(const boost::json::value& sa);

// A paragraph for each manual SA that was not installed: which, and why.
[[nodiscard]] std::string refused_sas(const boost::json::value& answer);

}  // namespace sallyport::cli
