// SPDX-License-Identifier: Apache-2.0
// The gateway's use of the store: what it writes as things happen, and what it finds when it comes back.
#pragma once

#include <optional>

#include "driver/control/card_control.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/store/store.hpp"

namespace sallyport::gateway {

class Memory final : public CardJournal {
 public:
  explicit Memory(store::Store store) : store_(std::move(store)) {}

  // ---- policies
  // Those that were changed live, if they began from the file's as they are now: who edits the file means the file.
  Result<std::optional<std::vector<policy::Policy>>> policies(const std::vector<policy::Policy>& of_file);
  Result<void> save_policies(const std::vector<policy::Policy>& policies, const std::vector<policy::Policy>& of_file);

  // ---- card
  // What the card holds, when it is the one we knew and we know the image it obeys.
  Result<std::optional<Remembered>> recall(const driver::CardStatus& status);
  // A new life of the card; the cookie is to be written into it.
  Result<driver::Cookie> begin_card();
  Result<void> about_to_open(std::uint32_t generation, const driver::TableImage& image) override;
  Result<void> policy_ids_changed(const std::map<std::string, std::uint16_t>& ids) override;
  Result<void> sa_installed(const InstalledSa& sa) override;
  Result<void> sa_changed(const InstalledSa& sa) override;
  Result<void> sa_removed(Spi spi_in) override;

  // ---- IKE
  Result<void> save_snapshot(const Secret& snapshot) {
    return store_.save_snapshot(snapshot, std::chrono::system_clock::now());
  }
  Result<std::optional<store::StoredSnapshot>> snapshot() { return store_.snapshot(); }

 private:
  store::Store store_;
};

}  // namespace sallyport::gateway
