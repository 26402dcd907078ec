// SPDX-License-Identifier: Apache-2.0
// The shared library is the client room as a whole; CMake wants one source of its own.
#include "oort/experiment.h"
#include "oort/projection.h"
