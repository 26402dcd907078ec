// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <array>
#include <cstddef>

namespace oort {

namespace {

// In the order of the enum, so that the code is the index.
constexpr std::array<ErrorInfo, 10> table{{
    {ErrorCode::invalid_argument, "invalid_argument", 400, "ValueError", 2},
    {ErrorCode::unauthenticated, "unauthenticated", 401, "PermissionError", 3},
    {ErrorCode::forbidden, "forbidden", 403, "PermissionError", 3},
    {ErrorCode::not_found, "not_found", 404, "KeyError", 4},
    {ErrorCode::conflict, "conflict", 409, "RuntimeError", 5},
    {ErrorCode::too_large, "too_large", 413, "ValueError", 2},
    {ErrorCode::corrupt, "corrupt", 422, "RuntimeError", 6},
    {ErrorCode::cancelled, "cancelled", 499, "KeyboardInterrupt", 130},
    {ErrorCode::internal, "internal", 500, "RuntimeError", 70},
    {ErrorCode::unavailable, "unavailable", 503, "ConnectionError", 69},
}};

}  // namespace

const ErrorInfo& error_info(ErrorCode code) noexcept {
    return table[static_cast<std::size_t>(code)];
}

}  // namespace oort
