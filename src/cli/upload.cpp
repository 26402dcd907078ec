// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/commands.h"

namespace oort {

int upload() {
    throw Error(ErrorCode::unavailable, "this program cannot upload spools yet");
}

}  // namespace oort
