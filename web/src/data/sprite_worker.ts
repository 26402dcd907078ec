// SPDX-License-Identifier: Apache-2.0
// Cuts a sprite into texture pages with mip levels, away from the main thread.

import { drawOnPage, halve, MIP_LEVELS, type PageLayout } from './sprite_pages';
import { eachTile, type Sheet } from './sprite_tiles';

export interface PagesRequest {
  sheet: Sheet;
  layout: PageLayout;
}

export type PagesReply =
  | { kind: 'page'; page: number; levels: Uint8Array[] }
  | { kind: 'done' }
  | { kind: 'error'; message: string };

const scope = self as unknown as DedicatedWorkerGlobalScope;

async function cut({ sheet, layout }: PagesRequest): Promise<void> {
  const bytes = layout.side * layout.side * 4;
  let page = new Uint8Array(bytes);
  await eachTile(sheet, layout.tile, (index, pixels) => {
    drawOnPage(page, layout, index, pixels);
    const full = (index + 1) % layout.perPage === 0;
    if (!full && index + 1 !== sheet.count) return;
    post(page, Math.floor(index / layout.perPage), layout.side);
    page = new Uint8Array(bytes);
  });
  sheet.image.close();
}

function post(image: Uint8Array<ArrayBuffer>, page: number, side: number): void {
  const levels = [image];
  for (let level = 1; level < MIP_LEVELS; level++) {
    levels.push(halve(levels[level - 1] as Uint8Array, side >> (level - 1)));
  }
  const reply: PagesReply = { kind: 'page', page, levels };
  scope.postMessage(
    reply,
    levels.map((level) => level.buffer),
  );
}

scope.onmessage = (event: MessageEvent<PagesRequest>) => {
  cut(event.data).then(
    () => scope.postMessage({ kind: 'done' } satisfies PagesReply),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      scope.postMessage({ kind: 'error', message } satisfies PagesReply);
    },
  );
};
