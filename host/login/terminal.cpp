// SPDX-License-Identifier: Apache-2.0
#include "host/login/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace sallyport::login {
namespace {

constexpr std::size_t kLongest = 1024;  // users::kLongestPassword
// What a terminal sends, without the kernel's line editing.
constexpr std::uint8_t kCtrlC = 3;
constexpr std::uint8_t kCtrlD = 4;
constexpr std::uint8_t kCtrlH = 8;
constexpr std::uint8_t kCtrlU = 21;
constexpr std::uint8_t kDelete = 127;

// While it lives, nothing is echoed and nothing ends the process before the echo is back.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    sigset_t ends;
    ::sigemptyset(&ends);
    for (const int s : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP}) ::sigaddset(&ends, s);
    ::sigprocmask(SIG_BLOCK, &ends, &signals_);
    ::tcgetattr(terminal_, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    ::tcsetattr(terminal_, TCSAFLUSH, &quiet);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    ::sigprocmask(SIG_SETMASK, &signals_, nullptr);
  }

 private:
  int terminal_;
  termios before_{};
  sigset_t signals_{};
};

void say(int terminal, const std::string& text) { (void)!::write(terminal, text.data(), text.size()); }

}  // namespace

Result<Secret> Terminal::ask(const std::string& question) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) return Error{Errc::kDenied, "there is no terminal to ask on; run it in one"};
  const Quiet quiet(terminal.get());
  say(terminal.get(), question + ": ");
  Secret line(kLongest);  // of one size, so that nothing is left behind by growing
  std::size_t size = 0;
  for (;;) {
    std::uint8_t c = 0;
    const ssize_t got = ::read(terminal.get(), &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || c == kCtrlC || (c == kCtrlD && size == 0)) {
      say(terminal.get(), "\n");
      return Error{Errc::kDenied, "nothing was entered"};
    }
    if (c == '\r' || c == '\n') break;
    if (c == kCtrlU) {
      size = 0;
    } else if (c == kCtrlH || c == kDelete) {
      // A character may be several bytes of UTF-8.
      while (size > 0 && (line.bytes()[--size] & 0xc0U) == 0x80U) {
      }
    } else if (size < kLongest) {
      line.bytes()[size++] = c;
    }
  }
  say(terminal.get(), "\n");
  return Secret(line.reveal().first(size));
}

}  // namespace sallyport::login
