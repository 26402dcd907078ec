// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Makes oort::Error arrive in Python as the exception that the table in base/error.cpp names.
void translate_errors();
