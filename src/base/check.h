// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): a bug of ours, not of the user. On in release builds too: a wrong answer costs
// more.
#pragma once

namespace oort {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace oort

#define CHECK(condition) \
    (static_cast<bool>(condition) ? void(0) : ::oort::check_failed(#condition, __FILE__, __LINE__))
