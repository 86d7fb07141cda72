// SPDX-License-Identifier: Apache-2.0
// A file made whole or not at all, which only its owner can open.
#pragma once

#include <filesystem>
#include <functional>

#include "base/bytes.hpp"

namespace sallyport::store {

// The error of the last system call, with what to do about it.
Error file_error(const std::string& what);

// Writes `content` beside `file`, lets `fill` complete it there, puts it on the disk and gives it its name. The folder
// is made when it is not there.
[[nodiscard]] Result<void> make_file(
    const std::filesystem::path& file, Bytes content,
    const std::function<Result<void>(const std::string& name)>& fill = [](const auto&) { return Result<void>(); });

}  // namespace sallyport::store
