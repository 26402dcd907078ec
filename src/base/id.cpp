// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "base/time.h"

namespace oort {

namespace {

void fill_random(std::span<std::uint8_t> bytes) {
    CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

}  // namespace

std::string new_id() {
    std::array<std::uint8_t, 16> bytes;
    fill_random(bytes);
    const auto now_ms = static_cast<std::uint64_t>(now());
    for (std::size_t i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(now_ms >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    static constexpr char digits[] = "0123456789abcdef";
    std::string id;
    id.reserve(32);
    for (const std::uint8_t byte : bytes) {
        id.push_back(digits[byte >> 4]);
        id.push_back(digits[byte & 15]);
    }
    return id;
}

bool is_id(std::string_view text) noexcept {
    return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string random_secret(std::size_t n_chars) {
    static constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string secret;
    while (secret.size() < n_chars) {
        std::array<std::uint8_t, 64> bytes;
        fill_random(bytes);
        for (const std::uint8_t byte : bytes) {
            // 248 = 4 * 62: larger bytes are dropped so that every character is equally likely.
            if (byte < 248 && secret.size() < n_chars) secret.push_back(alphabet[byte % 62]);
        }
    }
    return secret;
}

}  // namespace oort
