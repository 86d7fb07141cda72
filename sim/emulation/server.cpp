// SPDX-License-Identifier: Apache-2.0
#include "sim/emulation/server.hpp"

#include <algorithm>
#include <cstring>

#include "driver/xrt/names.hpp"
#include "emulation.pb.h"

namespace sallyport::emulation {
namespace {

namespace names = driver::xrt_names;

// The numbers of XRT's calls.
enum Call : std::uint32_t {
  kClose = 1,
  kAllocate = 4,
  kFree = 5,
  kCopyToDevice = 6,
  kCopyFromDevice = 7,
  kMemoryWrite = 8,
  kRegisterWrite = 9,
  kMemoryRead = 10,
  kRegisterRead = 11,
  kDebugMessages = 19,
  kSetEnvironment = 20,
  kHostRead = 34,
  kHostWrite = 35,
};

std::string ok(bool value) {
  Ok message;
  message.set_ok(value);
  return message.SerializeAsString();
}

Error unreadable(const char* what) { return Error{Errc::kDisconnected, std::string("unreadable call: ") + what}; }

// The 32-bit register at an address of the platform, or nothing outside the card's range.
bool offset_of(std::uint64_t address, std::uint32_t& offset) {
  if (address < names::kRegisterBase || address - names::kRegisterBase > names::kRegisterRange - 4 ||
      address % 4 != 0) {
    return false;
  }
  offset = static_cast<std::uint32_t>(address - names::kRegisterBase);
  return true;
}

// XRT's shim says yes to a read from anywhere, so the bank's bounds are checked here, as the platform's bridge does.
bool in_host_bank(std::uint64_t address, std::size_t size) {
  return address >= names::kHostBase && size <= names::kHostSize &&
         address - names::kHostBase <= names::kHostSize - size;
}

}  // namespace

Server::Server(const std::string& user, const std::string& socket_id, Registers& registers)
    : main_path_("/tmp/" + user + "/" + socket_id),
      reverse_path_("/tmp/" + user + "/D2X_unix_sock_" + socket_id),
      registers_(registers) {}

bool Server::connect() {
  if (connected()) return true;
  auto main = Channel::dial(main_path_);
  if (!main) return false;
  // The host listens on the second socket right after the first was taken, so a refusal only means "not yet".
  auto reverse = Channel::dial(reverse_path_);
  for (int tries = 0; !reverse && tries < 500; ++tries) {
    timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
    reverse = Channel::dial(reverse_path_);
  }
  if (!reverse) return false;
  main_ = std::move(main).value();
  reverse_ = std::move(reverse).value();
  return true;
}

void Server::hang_up() {
  main_.close();
  reverse_.close();
}

bool Server::serve_one() {
  auto call = main_.receive();
  if (!call) {
    hang_up();
    return false;
  }
  auto body = answer(*call);
  if (!body || !main_.send(std::nullopt, *body)) {
    hang_up();
    return false;
  }
  if (call->call == kClose) {
    // Without this empty word the host's second thread waits for ever.
    (void)reverse_.send(kClose, "");
    hang_up();
    return false;
  }
  return true;
}

Result<std::string> Server::answer(const Message& call) {
  switch (call.call) {
    case kAllocate: {
      AllocateAnswer message;
      message.set_ok(true);
      return message.SerializeAsString();
    }
    case kCopyToDevice: {
      // Device memory: this card has none of its own, and what XRT copies there is not looked at.
      CopyToDevice copy;
      if (!copy.ParseFromString(call.body)) return unreadable("copy to device");
      CopyToDeviceAnswer message;
      message.set_size(copy.size());
      return message.SerializeAsString();
    }
    case kCopyFromDevice: {
      CopyFromDevice copy;
      if (!copy.ParseFromString(call.body) || copy.size() > names::kHostSize) return unreadable("copy from device");
      CopyFromDeviceAnswer message;
      message.set_size(copy.size());
      message.mutable_data()->resize(copy.size());
      return message.SerializeAsString();
    }
    case kRegisterWrite: {
      Write write;
      if (!write.ParseFromString(call.body)) return unreadable("register write");
      bool known = true;
      for (std::size_t i = 0; i + 4 <= write.data().size(); i += 4) {
        std::uint32_t offset = 0;
        std::uint32_t value = 0;
        std::memcpy(&value, write.data().data() + i, 4);
        known = offset_of(write.address() + i, offset) && known;
        if (known) registers_.write(offset, value);
      }
      return ok(known);
    }
    case kRegisterRead: {
      Read read;
      if (!read.ParseFromString(call.body) || read.size() > names::kRegisterRange) return unreadable("register read");
      ReadAnswer message;
      for (std::size_t i = 0; i < read.size(); i += 4) {
        std::uint32_t offset = 0;
        const bool known = offset_of(read.address() + i, offset);
        const std::uint32_t value = known ? registers_.read(offset) : ~0U;  // what a bus without a device answers
        message.mutable_data()->append(reinterpret_cast<const char*>(&value), 4);
      }
      message.set_ok(true);
      return message.SerializeAsString();
    }
    case kMemoryRead: {
      ReadAnswer message;
      message.set_ok(false);
      return message.SerializeAsString();
    }
    case kDebugMessages:
      return DebugMessages().SerializeAsString();
    case kMemoryWrite:
      return ok(false);
    default:  // SetEnvironment, Free, Close, and what a later XRT may add: nothing to do
      return ok(true);
  }
}

Result<Message> Server::ask_host(std::uint32_t call, const std::string& body) {
  if (!reverse_.open()) return Error{Errc::kDisconnected, "no host process is connected"};
  auto sent = reverse_.send(call, body);
  if (!sent) {
    hang_up();
    return sent.error();
  }
  auto answered = reverse_.receive();
  if (!answered) hang_up();
  return answered;
}

Result<void> Server::read_host(std::uint64_t address, std::span<std::uint8_t> to) {
  if (!in_host_bank(address, to.size())) return Error{Errc::kInvalid, "not in the bank of host memory"};
  HostRead read;
  read.set_address(address);
  read.set_size(static_cast<std::uint32_t>(to.size()));
  auto message = ask_host(kHostRead, read.SerializeAsString());
  if (!message) return message.error();
  HostReadAnswer answered;
  if (!answered.ParseFromString(message->body) || !answered.ok() || answered.data().size() != to.size()) {
    return Error{Errc::kInvalid, "the host has no memory there"};
  }
  std::memcpy(to.data(), answered.data().data(), to.size());
  return {};
}

Result<void> Server::write_host(std::uint64_t address, std::span<const std::uint8_t> from) {
  if (!in_host_bank(address, from.size())) return Error{Errc::kInvalid, "not in the bank of host memory"};
  HostWrite write;
  write.set_address(address);
  write.set_size(static_cast<std::uint32_t>(from.size()));
  write.set_data(from.data(), from.size());
  auto message = ask_host(kHostWrite, write.SerializeAsString());
  if (!message) return message.error();
  Ok answered;
  if (!answered.ParseFromString(message->body) || !answered.ok()) {
    return Error{Errc::kInvalid, "the host has no memory there"};
  }
  return {};
}

}  // namespace sallyport::emulation
