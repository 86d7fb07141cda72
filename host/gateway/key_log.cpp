// SPDX-License-Identifier: Apache-2.0
// Writes ESP keys to a file.
#include "host/gateway/key_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "host/base/log.hpp"
#include "host/gateway/sa_protection.hpp"

namespace sallyport::gateway {
namespace {

std::string line(Spi spi, const IpAddress& source, const IpAddress& destination, const SaParameters& sa,
                 const SaKeys& keys) {
  return "{\"spi\": \"" + to_string(spi) + "\", \"source\": \"" + source.to_string() + "\", \"destination\": \"" +
         destination.to_string() + "\", \"protocol\": \"" + word_of(sa.protocol) + "\", \"mode\": \"" +
         word_of(sa.mode) + "\", \"algorithm\": \"" + algorithm_of(sa) + "\", \"key\": \"" +
         to_hex(keys.encryption.reveal()) + to_hex(keys.salt.reveal()) + "\", \"integrity_key\": \"" +
         to_hex(keys.integrity.reveal()) + "\", \"esn\": " + (sa.esn ? "true" : "false") + "}\n";
}

}  // namespace

void KeyLog::write(const SaParameters& sa) const {
  if (path_.empty()) return;
  const std::string text =
      line(sa.spi_out, sa.local, sa.remote, sa, sa.out) + line(sa.spi_in, sa.remote, sa.local, sa, sa.in);
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid() || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    log::warning("keylog.failed", {{"file", path_}, {"why", errno_error("write").detail}});
  }
}

}  // namespace sallyport::gateway
