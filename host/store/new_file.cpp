// SPDX-License-Identifier: Apache-2.0
#include "host/store/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/descriptor.hpp"

namespace sallyport::store {
Error file_error(const std::string& what) {
  const int reason = errno;
  Error error = errno_error(what);
  if (reason == EACCES || reason == EPERM || reason == EROFS) {
    return {Errc::kDenied, error.detail + "; its folder must belong to the daemon's user and be writable"};
  }
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) {
    return {Errc::kFull, error.detail + "; make room on its file system"};
  }
  return error;
}

Result<void> make_file(const std::filesystem::path& file, Bytes content,
                       const std::function<Result<void>(const std::string&)>& fill) {
  const std::filesystem::path folder = file.parent_path();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    errno = failed.value();
    return file_error("make " + folder.string());
  }
  const std::string name = file.string() + ".new";
  ::unlink(name.c_str());  // of a life that ended half way
  {
    const Descriptor made(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made.valid()) return file_error("make " + name);
    if (::write(made.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
      return file_error("write " + name);
    }
    if (auto filled = fill(name); !filled) return filled;
    if (::fsync(made.get()) != 0) return file_error("write " + name);
  }
  if (::rename(name.c_str(), file.c_str()) != 0) return file_error("rename " + name);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return file_error("write " + folder.string());
  return {};
}

}  // namespace sallyport::store
