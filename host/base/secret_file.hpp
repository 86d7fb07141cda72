// SPDX-License-Identifier: Apache-2.0
// Secrets that a configuration names.
#pragma once

#include <filesystem>

#include "base/secret.hpp"
#include "host/base/toml_section.hpp"

namespace sallyport {

// Nobody but its owner may read the file. White space at its end is an editor's.
[[nodiscard]] Result<Secret> read_secret(const std::filesystem::path& file);

// `secret`, or what stands in the file `secret_file`: one of the two must be there.
[[nodiscard]] Secret required_secret(TomlSection& section);

}  // namespace sallyport
