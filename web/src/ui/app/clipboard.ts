// SPDX-License-Identifier: Apache-2.0
import { notices } from './notices.svelte';

/** Copies and says so. Browsers only allow it on https and on this machine's own addresses. */
export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notices.show('good', said);
  } catch {
    notices.show('warning', `The browser does not allow copying here. The text is: ${text}`);
  }
}
