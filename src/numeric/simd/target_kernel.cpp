// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/target_kernel.h"

#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/target_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {

std::int64_t OwnTarget() {
    return HWY_TARGET;
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(OwnTarget);

std::string dispatched_target() {
    return hwy::TargetName(HWY_DYNAMIC_DISPATCH(OwnTarget)());
}

}  // namespace oort
#endif
