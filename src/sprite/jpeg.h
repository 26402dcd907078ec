// SPDX-License-Identifier: Apache-2.0
// JPEG apart, because libjpeg reports faults by longjmp.
#pragma once

#include <cstddef>
#include <span>

#include "sprite/image.h"

namespace oort {

/// Decodes a JPEG whose header said `info`. Throws Error(corrupt).
Image decode_jpeg(std::span<const std::byte> bytes, const ImageInfo& info);

}  // namespace oort
