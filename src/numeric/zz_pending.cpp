// SPDX-License-Identifier: Apache-2.0
// Stands in, weakly and by mangled name, for stages that are being written at the same time, so
// that what is there links. Goes when the last of them has come.
#include "base/error.h"

namespace {

[[noreturn]] void missing() {
    throw oort::Error(oort::ErrorCode::unavailable, "this method is not in this build");
}

}  // namespace

extern "C" {
__attribute__((weak)) void
_ZN4oort10tsne_placeERKNS_9NeighborsENS_10MatrixViewERKNS_11TsneOptionsERNS_10ThreadPoolESt10stop_token() {
    missing();
}

__attribute__((weak)) void _ZN4oort4Tsne4stepEi() {
    missing();
}

__attribute__((weak)) void _ZN4oort4Tsne7restoreESt4spanIKSt4byteLm18446744073709551615EE() {
    missing();
}

__attribute__((weak)) void _ZN4oort4TsneC1EOS0_() {
    missing();
}

__attribute__((weak)) void
_ZN4oort4TsneC1ERKNS_9NeighborsENS_10MatrixViewERKNS_11TsneOptionsERNS_10ThreadPoolESt4spanIKjLm18446744073709551615EESt10stop_token() {
    missing();
}

__attribute__((weak)) void _ZN4oort4TsneD1Ev() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne10checkpointEv() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne12n_iterationsEv() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne13kl_divergenceEv() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne5notesB5cxx11Ev() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne6layoutEv() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne7is_doneEv() {
    missing();
}

__attribute__((weak)) void _ZNK4oort4Tsne9iterationEv() {
    missing();
}
}
