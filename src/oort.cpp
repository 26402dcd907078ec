// SPDX-License-Identifier: Apache-2.0
// The program.
#include "cli/command_line.h"

int main(int argc, char** argv) {
    return oort::run_command_line(argc, argv);
}
