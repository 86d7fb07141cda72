// SPDX-License-Identifier: Apache-2.0
// Memory for what a request carries, wiped when it is given back: a request may carry a password.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <memory>

#include "base/secret.hpp"

namespace sallyport::api {

template <class T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* memory, std::size_t n) {
    wipe({reinterpret_cast<std::uint8_t*>(memory), n * sizeof(T)});
    std::allocator<T>().deallocate(memory, n);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

class WipingResource : public boost::json::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return ::operator new(bytes, std::align_val_t(alignment));
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    wipe({static_cast<std::uint8_t*>(memory), bytes});
    ::operator delete(memory, std::align_val_t(alignment));
  }
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }
};

// For values of JSON; it outlives them all.
inline boost::json::storage_ptr wiped_storage() {
  static WipingResource resource;
  return &resource;
}

}  // namespace sallyport::api
