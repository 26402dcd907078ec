// SPDX-License-Identifier: Apache-2.0
// The command line: `oort serve`, `oort open`, `oort doctor`, `oort upload`, `oort project`, `oort
// neighbors`, `oort quality`, `oort routes`, `oort version`.
#pragma once

namespace oort {

/// Runs one command and returns the exit code of the program: 0, or that of the error's row in
/// base/error.cpp after one line on standard error.
int run_command_line(int argc, char** argv);

}  // namespace oort
