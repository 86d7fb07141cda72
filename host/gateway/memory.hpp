// SPDX-License-Identifier: Apache-2.0
// The gateway's use of the store: what it writes as things happen, and what it finds when it comes back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>

#include "driver/control/card_control.hpp"
#include "host/gateway/card_keeper.hpp"
#include "host/gateway/configurations.hpp"
#include "host/gateway/session_record.hpp"
#include "host/store/card_store.hpp"
#include "host/store/policy_store.hpp"
#include "host/store/used_keys.hpp"

namespace sallyport::gateway {

class Memory final : public CardJournal, public SessionJournal {
 public:
  // `state`: the folder for what must survive the loss of power. `run`: for what a restarted daemon needs while the
  // card runs; written within the call, so it should be in memory.
  static Result<std::unique_ptr<Memory>> open(boost::asio::io_context& io, const std::filesystem::path& state,
                                              const std::filesystem::path& run, WallClock clock);

  // ---- policies
  // Once, before anything is saved.
  Result<Configurations> configurations(const policy::Configuration& of_file);
  // `done` is called from the loop, once they are on the disk or it is known that they are not; never after this object
  // is gone. Nothing waits for the disk meanwhile. One at a time.
  void save(const Configurations& configurations, std::function<void(Result<void>)> done);

  // ---- keys of manual SAs
  [[nodiscard]] store::UsedKeys& used_keys() { return used_keys_; }

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

  // ---- sessions
  // Whether it can be read, of each that was stored and has not ended.
  Result<std::map<std::string, Result<SessionRecord>>> sessions();
  Result<void> session_changed(const SessionRecord& record) override;
  Result<void> session_ended(const std::string& id) override { return card_.remove_session(id); }

  // ---- IKE
  Result<void> save_snapshot(const Secret& snapshot) {
    return card_.save_snapshot(snapshot, std::chrono::system_clock::now());
  }
  Result<std::optional<store::StoredSnapshot>> snapshot() { return card_.snapshot(); }

 private:
  Memory(boost::asio::io_context& io, store::PolicyStore policies, store::UsedKeys used_keys, store::CardStore card,
         WallClock clock)
      : io_(io),
        policies_(std::move(policies)),
        used_keys_(std::move(used_keys)),
        card_(std::move(card)),
        clock_(std::move(clock)) {}

  [[nodiscard]] std::vector<store::StoredConfiguration> not_stored(const Configurations& configurations) const;

  boost::asio::io_context& io_;
  store::PolicyStore policies_;       // the disk thread's once the first save has begun
  std::uint32_t stored_through_ = 0;  // the newest configuration that is on the disk
  store::UsedKeys used_keys_;
  store::CardStore card_;
  WallClock clock_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // what comes back from the disk thread asks for it
  boost::asio::thread_pool disk_{1};                      // last: its thread ends before what it writes to
};

}  // namespace sallyport::gateway
