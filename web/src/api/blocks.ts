// SPDX-License-Identifier: Apache-2.0
// Binary answers, cut into what they hold. Little-endian, as are all machines a browser runs on.

import { ApiError } from './error';

/** `buffer` as n blocks of the same length. Throws ApiError `bad_answer` if it cannot be cut so. */
export function cutBlocks(buffer: ArrayBuffer, n: number): Float32Array[] {
  const length = buffer.byteLength / (4 * n);
  if (!Number.isInteger(length)) {
    throw new ApiError(
      'bad_answer',
      `The server sent ${buffer.byteLength} bytes, which are not ${n} equal blocks of numbers.`,
    );
  }
  return Array.from({ length: n }, (_, i) => new Float32Array(buffer, i * length * 4, length));
}

export function words(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.byteLength % 4 === 0) return buffer;
  throw new ApiError(
    'bad_answer',
    `The server sent ${buffer.byteLength} bytes, not whole numbers.`,
  );
}
