// SPDX-License-Identifier: Apache-2.0
// The gateway's use of the store.
#include "host/gateway/memory.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "host/base/log.hpp"
#include "host/store/seal.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;

Result<json::object> parse_object(const std::string& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return Error{Errc::kCorrupt, "the store holds what is no JSON object"};
  return std::move(value.as_object());
}

json::array texts_of(const TrafficSelectors& selectors) {
  json::array out;
  for (const auto& s : selectors) out.emplace_back(s.to_string());
  return out;
}

std::string sa_text(const InstalledSa& sa) {
  json::object out{
      {"target", sa.target},
      {"child", static_cast<std::uint64_t>(sa.child)},
      {"policy_id", sa.policy_id},
      {"spi_in", static_cast<std::uint32_t>(sa.spi_in)},
      {"spi_out", static_cast<std::uint32_t>(sa.spi_out)},
      {"sa_index", sa.row},
      {"next_hop", sa.next_hop},
      {"sending", sa.sending},
      {"protocol", static_cast<unsigned>(sa.protocol)},
      {"mode", static_cast<unsigned>(sa.mode)},
      {"algorithm", sa.algorithm},
      {"esn", sa.esn},
      {"replay_window", sa.replay_window},
      {"local_address", sa.local.to_string()},
      {"remote_address", sa.remote.to_string()},
      {"local_ts", texts_of(sa.reach.local)},
      {"remote_ts", texts_of(sa.reach.remote)},
      {"installed", std::chrono::duration_cast<std::chrono::seconds>(sa.installed.time_since_epoch()).count()}};
  if (!sa.typed_in.empty()) out["typed_in"] = sa.typed_in;
  if (sa.encap) out["encap"] = {sa.encap->local_port, sa.encap->remote_port};
  return json::serialize(out);
}

TrafficSelectors selectors_of(const json::value& texts) {
  TrafficSelectors out;
  for (const auto& text : texts.as_array()) {
    const std::string written(text.as_string());
    out.push_back(written == "any" ? TrafficSelector::of(AddressRange::any())
                                   : TrafficSelector::parse(written).value_or(TrafficSelector{}));
  }
  return out;
}

Result<InstalledSa> parse_sa(const std::string& text) {
  auto object = parse_object(text);
  if (!object) return object.error();
  try {
    const auto number = [&](const char* name) { return object->at(name).to_number<std::uint64_t>(); };
    InstalledSa sa;
    sa.target = std::string(object->at("target").as_string());
    sa.child = ike::ChildHandle{number("child")};
    sa.policy_id = static_cast<std::uint16_t>(number("policy_id"));
    sa.spi_in = Spi{static_cast<std::uint32_t>(number("spi_in"))};
    sa.spi_out = Spi{static_cast<std::uint32_t>(number("spi_out"))};
    sa.row = static_cast<std::uint16_t>(number("sa_index"));
    sa.next_hop = static_cast<std::uint8_t>(number("next_hop"));
    sa.sending = object->at("sending").as_bool();
    sa.protocol = static_cast<Protocol>(number("protocol"));
    sa.mode = static_cast<Mode>(number("mode"));
    sa.algorithm = std::string(object->at("algorithm").as_string());
    sa.esn = object->at("esn").as_bool();
    sa.replay_window = static_cast<std::uint32_t>(number("replay_window"));
    sa.local = IpAddress::parse(std::string(object->at("local_address").as_string())).value_or(IpAddress());
    sa.remote = IpAddress::parse(std::string(object->at("remote_address").as_string())).value_or(IpAddress());
    sa.reach = {selectors_of(object->at("local_ts")), selectors_of(object->at("remote_ts"))};
    sa.installed = std::chrono::system_clock::time_point(std::chrono::seconds(number("installed")));
    if (const auto* typed_in = object->if_contains("typed_in")) sa.typed_in = std::string(typed_in->as_string());
    if (const auto* encap = object->if_contains("encap")) {
      sa.encap = UdpEncap{encap->as_array().at(0).to_number<std::uint16_t>(),
                          encap->as_array().at(1).to_number<std::uint16_t>()};
    }
    return sa;
  } catch (const std::exception& e) {  // Boost.JSON's way to say that a member is missing or of another kind
    return Error{Errc::kCorrupt, std::string("a stored SA cannot be read: ") + e.what()};
  }
}

Buffer bytes_of(const driver::Cookie& cookie) {
  ByteWriter w;
  for (const auto word : cookie) w.u32(word);
  return w.take();
}

}  // namespace

Result<std::unique_ptr<Memory>> Memory::open(boost::asio::io_context& io, const std::filesystem::path& state,
                                             const std::filesystem::path& run, WallClock clock) {
  auto policies = store::PolicyStore::open(state);
  if (!policies) return policies.error();
  auto used_keys = store::UsedKeys::open(state);
  if (!used_keys) return used_keys.error();
  auto key =
      store::load_or_make_key(state / "seal.key", "the IKE SAs that are sealed under it are then negotiated again");
  if (!key) return key.error();
  auto card = store::CardStore::open(run, std::move(*key));
  if (!card) return card.error();
  return std::unique_ptr<Memory>(
      new Memory(io, std::move(*policies), std::move(*used_keys), std::move(*card), std::move(clock)));
}

// ---- policies ------------------------------------------------------------------------------------------------------

Result<Configurations> Memory::configurations(const policy::Configuration& of_file) {
  auto stored = policies_.policies();
  if (!stored) return stored.error();
  if (*stored && !(*stored)->configurations.empty()) stored_through_ = (*stored)->configurations.back().number;
  auto configurations = Configurations::begin(*stored, of_file);
  if (!configurations || configurations->newest().number == stored_through_) return configurations;
  // What it has made is stored with the next change where the disk does not take it now.
  if (const auto saved = policies_.save(not_stored(*configurations), configurations->state()); !saved) {
    log::warning("policies.not_stored", {{"why", saved.error().detail}});
  } else {
    stored_through_ = configurations->newest().number;
  }
  return configurations;
}

std::vector<store::StoredConfiguration> Memory::not_stored(const Configurations& configurations) const {
  std::vector<store::StoredConfiguration> more;
  for (const auto& c : configurations.history()) {
    if (c.number > stored_through_) more.push_back(c);
  }
  return more;
}

void Memory::save(const Configurations& configurations, std::function<void(Result<void>)> done) {
  const std::uint32_t newest = configurations.newest().number;
  auto answer = [this, newest, alive = std::weak_ptr(alive_), done = std::move(done)](Result<void> saved) {
    if (!alive.lock()) return;
    if (saved) stored_through_ = newest;
    done(std::move(saved));
  };
  boost::asio::post(disk_, [this, more = not_stored(configurations), state = configurations.state(),
                            answer = std::move(answer)]() noexcept {
    boost::asio::post(io_, [answer, saved = policies_.save(more, state)] { answer(saved); });
  });
}

// ---- card ----------------------------------------------------------------------------------------------------------

Result<std::optional<Remembered>> Memory::recall(const driver::CardStatus& status) {
  const std::optional<Remembered> nothing;
  auto cookie = card_.card_cookie();
  if (!cookie) return cookie.error();
  const Buffer of_card = bytes_of(status.cookie);
  const bool ours = *cookie == of_card && std::any_of(of_card.begin(), of_card.end(), [](auto b) { return b != 0; });
  if (!ours) return nothing;
  auto images = card_.images();
  if (!images) return images.error();
  const auto found = std::find_if(images->begin(), images->end(),
                                  [&](const auto& stored) { return stored.generation == status.generation; });
  if (found == images->end()) return nothing;
  auto image = driver::TableImage::parse(found->image);
  if (!image) return image.error();
  Remembered remembered{std::move(*image), {}, {}};
  auto ids = card_.policy_ids();
  if (!ids) return ids.error();
  remembered.policy_ids = std::move(*ids);
  auto texts = card_.sas();
  if (!texts) return texts.error();
  for (const auto& text : *texts) {
    auto sa = parse_sa(text);
    if (!sa) return sa.error();
    remembered.sas.push_back(std::move(*sa));
  }
  return std::optional(std::move(remembered));
}

Result<driver::Cookie> Memory::begin_card() {
  driver::Cookie cookie{};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(cookie.data()), sizeof cookie) != 1) {
    return Error{Errc::kIo, "OpenSSL has no random bytes"};
  }
  if (auto begun = card_.begin_card(bytes_of(cookie)); !begun) return begun.error();
  return cookie;
}

Result<void> Memory::about_to_open(std::uint32_t generation, const driver::TableImage& image) {
  return card_.save_image({generation, image.serialise()});
}

Result<void> Memory::policy_ids_changed(const std::map<std::string, std::uint16_t>& ids) {
  return card_.save_policy_ids(ids);
}

Result<void> Memory::sa_installed(const InstalledSa& sa) {
  return card_.save_sa(static_cast<std::uint32_t>(sa.spi_in), sa_text(sa));
}

Result<void> Memory::sa_changed(const InstalledSa& sa) { return sa_installed(sa); }

Result<void> Memory::sa_removed(Spi spi_in) { return card_.remove_sa(static_cast<std::uint32_t>(spi_in)); }

// ---- sessions ------------------------------------------------------------------------------------------------------

Result<std::map<std::string, Result<SessionRecord>>> Memory::sessions() {
  const auto stored = card_.sessions();
  if (!stored) return stored.error();
  const Moment now{std::chrono::steady_clock::now(), clock_()};
  std::map<std::string, Result<SessionRecord>> out;
  for (const auto& [id, record] : *stored) {
    out.emplace(id, record ? read_session(record->reveal(), now) : record.error());
  }
  return out;
}

Result<void> Memory::session_changed(const SessionRecord& record) {
  const Moment now{std::chrono::steady_clock::now(), clock_()};
  return card_.save_session(record.session.id, write_session(record, now));
}

}  // namespace sallyport::gateway
