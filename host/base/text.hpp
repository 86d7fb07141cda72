// SPDX-License-Identifier: Apache-2.0
// Bytes from outside, as text.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

// Whether it is UTF-8 (RFC 3629) without a NUL: what databases, JSON and C keep as it is.
[[nodiscard]] bool is_text(std::string_view bytes);

// What may be kept and shown on one line: control characters, which begin lines of their own and move a terminal's
// cursor, and bytes that are no UTF-8 become "\x1b".
[[nodiscard]] std::string on_one_line(std::string_view bytes);

}  // namespace sallyport
