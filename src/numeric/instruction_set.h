// SPDX-License-Identifier: Apache-2.0
// Which of a processor's instruction sets the kernels run on. Highway picks the best there is when
// a kernel first runs; a lower one may be asked for, to compare or to get the bytes of another
// machine.
#pragma once

#include <string>
#include <string_view>

namespace oort {

/// Highway's name of what the kernels run on, such as "AVX3_ZEN4" or "AVX2". Obeys the environment
/// variable `OORT_CPU`, and so does every ThreadPool. Throws Error(invalid_argument) if that names
/// none.
std::string instruction_set();

/// Lets kernels use nothing better than `name`, from the next call on: "avx512", "avx2", "sse4",
/// "ssse3", "scalar" or a name of Highway's, in any case. Holds for the whole process and outdoes
/// `OORT_CPU`; call it before anything is computed. Throws Error(invalid_argument) for a name that
/// is none, Error(unavailable) if this processor or build lacks it.
void limit_instruction_set(std::string_view name);

}  // namespace oort
