// SPDX-License-Identifier: Apache-2.0
#include "driver/software/plain_memory.hpp"

#include <algorithm>
#include <vector>

namespace sallyport::driver::software {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

class PlainMemory::Region : public HostMemory {
 public:
  Region(std::shared_ptr<Regions> regions, std::uint64_t address, std::size_t size)
      : regions_(std::move(regions)), address_(address), bytes_(size) {
    regions_->emplace(address_, bytes_);
  }
  ~Region() override { regions_->erase(address_); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  std::span<std::uint8_t> bytes() override { return bytes_; }
  std::uint64_t address() const override { return address_; }

 private:
  std::shared_ptr<Regions> regions_;
  std::uint64_t address_;
  std::vector<std::uint8_t> bytes_;
};

std::unique_ptr<HostMemory> PlainMemory::allocate(std::size_t size) {
  const std::size_t whole = (size + kPage - 1) / kPage * kPage;
  const std::uint64_t address = next_;
  next_ += whole + kPage;  // a gap, so that an access past the end is found
  return std::make_unique<Region>(regions_, address, whole);
}

std::span<std::uint8_t> PlainMemory::at(std::uint64_t address, std::size_t size) const {
  auto region = regions_->upper_bound(address);
  if (region == regions_->begin()) return {};
  --region;
  const std::uint64_t offset = address - region->first;
  const std::span<std::uint8_t> bytes = region->second;
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

bool PlainMemory::read(std::uint64_t address, std::span<std::uint8_t> to) {
  const auto from = at(address, to.size());
  std::copy(from.begin(), from.end(), to.begin());
  return from.size() == to.size();
}

bool PlainMemory::write(std::uint64_t address, Bytes from) {
  const auto to = at(address, from.size());
  if (to.size() == from.size()) std::copy(from.begin(), from.end(), to.begin());
  return to.size() == from.size();
}

}  // namespace sallyport::driver::software
