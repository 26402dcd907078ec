// SPDX-License-Identifier: Apache-2.0
// The drawing tier on the page, and everything it was ever told: when a tier is lost, the next one
// is told again.

import { createTier } from '../gl/choose_tier';
import { CpuTier } from '../gl/cpu_tier';
import type { Columns, FrameRequest, FrameResult, Tier, TileSource } from '../gl/tier';
import type { RendererKind } from './types';

export interface StageEvents {
  frame: (result: FrameResult) => void;
  /** Another picture is needed. */
  stale: () => void;
  lost: (message: string) => void;
}

export class Stage {
  private tier: Tier | null = null;
  private positions: [Columns, Columns | null] | null = null;
  private slots: [Uint8Array, Uint8Array] | null = null;
  private states: [Uint8Array, Uint32Array] | null = null;
  private tiles: Uint32Array | null = null;
  private sprites: TileSource | null = null;
  private destroyed = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly events: StageEvents,
  ) {}

  async start(wanted: RendererKind | 'auto'): Promise<void> {
    this.attach(await createTier(wanted, this.tierEvents()));
  }

  get kind(): RendererKind {
    return this.tier?.kind ?? 'cpu';
  }

  setPositions(to: Columns, from: Columns | null): void {
    this.positions = [to, from];
    this.tier?.setPositions(to, from);
  }

  setSlots(slots: Uint8Array, palette: Uint8Array): void {
    this.slots = [slots, palette];
    this.tier?.setSlots(slots, palette);
  }

  setStates(states: Uint8Array, selected: Uint32Array): void {
    this.states = [states, selected];
    this.tier?.setStates(states, selected);
  }

  setTiles(tiles: Uint32Array): void {
    this.tiles = tiles;
    this.tier?.setTiles(tiles);
  }

  async setSprites(source: TileSource | null): Promise<void> {
    this.sprites = source;
    await this.tier?.setSprites(source);
  }

  draw(request: FrameRequest): void {
    this.tier?.draw(request);
  }

  copyTo(context: CanvasRenderingContext2D): void {
    this.tier?.copyTo(context);
  }

  destroy(): void {
    this.destroyed = true;
    this.tier?.destroy();
    this.tier = null;
  }

  private attach(tier: Tier): void {
    if (this.destroyed) {
      tier.destroy();
      return;
    }
    this.tier?.destroy();
    this.tier = tier;
    const style = tier.canvas.style;
    style.setProperty('position', 'absolute');
    style.setProperty('inset', '0');
    style.setProperty('width', '100%');
    style.setProperty('height', '100%');
    this.host.prepend(tier.canvas);
    if (this.positions !== null) tier.setPositions(...this.positions);
    if (this.slots !== null) tier.setSlots(...this.slots);
    if (this.states !== null) tier.setStates(...this.states);
    if (this.tiles !== null) tier.setTiles(this.tiles);
    if (this.sprites !== null) {
      const again = (): void => this.events.stale();
      tier.setSprites(this.sprites).then(again, again);
    }
    this.events.stale();
  }

  private tierEvents(): { frame: (r: FrameResult) => void; lost: (m: string, f: boolean) => void } {
    return {
      frame: (result) => this.events.frame(result),
      lost: (message, final) => {
        if (this.destroyed) return;
        if (message !== '') this.events.lost(message);
        if (final && this.tier?.kind === 'gl') this.fallBack();
        else this.events.stale();
      },
    };
  }

  private fallBack(): void {
    CpuTier.create(this.tierEvents()).then(
      (tier) => this.attach(tier),
      (error: unknown) => this.events.lost(String(error)),
    );
  }
}
