// SPDX-License-Identifier: Apache-2.0
// SAs whose keys are typed in. Each begins at sequence number 1, from which nonces and IVs are made, so a key is given
// to a card once: where the card has lost the SA, another must be written.
#include <algorithm>

#include "host/gateway/gateway.hpp"
#include "host/ike/crypto.hpp"

namespace sallyport::gateway {
namespace {

void put(ByteWriter& w, Bytes bytes) { w.u32(static_cast<std::uint32_t>(bytes.size())).bytes(bytes); }

// Never themselves: what a writer grows out of is not wiped.
void put(ByteWriter& w, const SaKeys& keys) {
  for (const Secret* secret : {&keys.encryption, &keys.salt, &keys.integrity}) put(w, ike::sha256(secret->reveal()));
}

// Over everything that an administrator can say of it, so that two with the same digest are the same SA.
std::string digest_of(const ManualSa& manual) {
  const SaParameters& sa = manual.sa;
  const SaOptions& options = manual.options;
  ByteWriter w;
  for (const std::string& text : {manual.name, algorithm_of(sa), sa.local.to_string(), sa.remote.to_string()}) {
    put(w, as_bytes(text));
  }
  w.u8(static_cast<std::uint8_t>(sa.protocol)).u8(static_cast<std::uint8_t>(sa.mode)).u8(sa.esn ? 1 : 0);
  w.u32(static_cast<std::uint32_t>(sa.spi_in)).u32(static_cast<std::uint32_t>(sa.spi_out)).u32(sa.replay_window);
  w.u64(options.limits.soft_packets).u64(options.limits.hard_packets);
  w.u64(options.limits.soft_bytes).u64(options.limits.hard_bytes);
  w.u8(static_cast<std::uint8_t>(options.df)).u8(options.dscp.value_or(0xff)).u8(options.ah_align8 ? 1 : 0);
  w.u8(static_cast<std::uint8_t>(options.too_big));
  put(w, sa.in);
  put(w, sa.out);
  return to_hex(ike::sha256(w.view()));
}

// Before the card is given the keys. Those of both directions: whoever exchanges the two at both gateways would have
// this one number from 1 under a key with which the peer did. NULL and AH have neither nonce nor IV.
Result<void> use(store::UsedKeys& used, const SaParameters& sa) {
  if (sa.out.encryption.empty()) return {};
  if (used.contains(sa.out.encryption)) {
    return Error{Errc::kExists,
                 "its key has been used before, and a card that numbers from 1 again would repeat nonces; write new "
                 "keys for it into the configurations of both gateways and start them again"};
  }
  if (auto stored = used.add(sa.out.encryption, sa.in.encryption); !stored) {
    return Error{stored.error().code, "that its key is used cannot be stored: " + stored.error().detail};
  }
  return {};
}

}  // namespace

// What the card has and the configuration has not, or not with these words, goes; what it has not is installed. The
// policies of one that cannot be are closed, and everything else goes on.
Result<void> Gateway::take_manual_sas() {
  std::map<std::string, const ManualSa*> wanted;  // by digest
  for (const ManualSa& manual : config_.sas) wanted[digest_of(manual)] = &manual;
  bool removed = false;
  for (const InstalledSa& sa : std::vector(keeper_->sas())) {
    if (sa.typed_in.empty()) continue;  // IKE's
    if (wanted.erase(sa.typed_in) != 0) {
      keeper_->use_outbound(sa.spi_in);  // unless the daemon was killed before it did
      continue;
    }
    if (auto r = keeper_->remove(sa.spi_in); !r) return r;
    removed = true;
    log::info("sa.removed", {{"target", sa.target}, {"spi_in", to_string(sa.spi_in)}, {"why", "configuration"}});
  }
  if (removed) {  // with the next generation their keys are wiped and their SPIs free
    if (auto r = keeper_->flush(); !r) return r;
    if (auto r = keeper_->commit(); !r) return r;
  }
  for (const ManualSa& manual : config_.sas) {
    const std::string digest = digest_of(manual);
    if (!wanted.contains(digest)) continue;  // adopted
    auto installed = use(memory_->used_keys(), manual.sa);
    if (installed) installed = keeper_->install("sa/" + manual.name, {}, manual.sa, manual.options, digest);
    if (!installed) {
      log::error("sa.refused", {{"sa", manual.name}, {"why", installed.error().detail}});
      refused_sas_[manual.name] = installed.error().detail;
      continue;
    }
    keeper_->use_outbound(manual.sa.spi_in);
    key_log_.write(manual.sa);
  }
  return keeper_->commit();
}

}  // namespace sallyport::gateway
