// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), by OpenSSL: the name of every blob.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oort {

using Digest = std::array<std::uint8_t, 32>;

/// A hash in progress. Not thread-safe; copyable state is not needed, so it only moves.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);

    void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

    /// The digest of all bytes so far. The object may not be updated afterwards.
    Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

Digest sha256(std::span<const std::byte> bytes);
Digest sha256(std::string_view bytes);

/// 64 lower-case hexadecimal digits.
std::string to_hex(const Digest& digest);

/// The digest that exactly 64 lower-case hexadecimal digits name; nothing for any other text.
std::optional<Digest> parse_digest(std::string_view hex);

}  // namespace oort
