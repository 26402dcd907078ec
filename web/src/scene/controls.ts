// SPDX-License-Identifier: Apache-2.0
// Pointer, wheel, touch and keys, turned into intentions. Knows nothing of points.

import type { Axis, Tool } from './types';
import type { Box } from './picking';

/** What the scene does when asked by hand. All lengths in CSS px inside the host. */
export interface Actions {
  orbit(dx: number, dy: number): void;
  pan(dx: number, dy: number): void;
  zoom(x: number, y: number, factor: number): void;
  /** One finger or the left button: turns in 3-D, moves in 2-D. */
  drag(dx: number, dy: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, event: PointerEvent): void;
  /** null = nothing to show any more. */
  showBox(box: Box | null): void;
  selectBox(box: Box, event: PointerEvent): void;
  fit(): void;
  look(axis: Axis, negative: boolean): void;
  size(): { width: number; height: number };
}

type Gesture = 'drag' | 'pan' | 'box';

interface Place {
  x: number;
  y: number;
}

/** A pointer that moved less than this was clicked, not dragged. */
const CLICK_PX = 4;
const KEY_STEP = 24;

export class Controls {
  tool: Tool = 'orbit';
  private readonly pointers = new Map<number, Place>();
  private gesture: Gesture = 'drag';
  private start: Place = { x: 0, y: 0 };
  private moved = false;
  private readonly stop = new AbortController();

  constructor(
    private readonly host: HTMLElement,
    private readonly actions: Actions,
  ) {
    const { signal } = this.stop;
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
      passive = true,
    ): void => host.addEventListener(name, listener, { signal, passive });
    on('pointerdown', this.onDown);
    on('pointermove', this.onMove);
    on('pointerup', this.onUp);
    on('pointercancel', this.onCancel);
    on('pointerleave', () => {
      if (this.pointers.size === 0) actions.leave();
    });
    on('wheel', this.onWheel, false);
    on('contextmenu', (event) => event.preventDefault(), false);
    on('keydown', this.onKey, false);
  }

  destroy(): void {
    this.stop.abort();
  }

  /** True while a button or finger is down and moving. */
  get dragging(): boolean {
    return this.pointers.size > 0 && this.moved;
  }

  private place(event: MouseEvent): Place {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly onDown = (event: PointerEvent): void => {
    // Controls laid over the canvas by others keep their own clicks.
    if (!(event.target instanceof HTMLCanvasElement) && event.target !== this.host) return;
    this.host.focus({ preventScroll: true });
    this.host.setPointerCapture(event.pointerId);
    const place = this.place(event);
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size > 1) {
      this.moved = true;
      this.actions.showBox(null);
      this.gesture = 'pan';
      return;
    }
    this.start = place;
    this.moved = false;
    const box = this.tool === 'box' || event.shiftKey;
    this.gesture = event.button !== 0 ? 'pan' : box ? 'box' : 'drag';
  };

  private readonly onMove = (event: PointerEvent): void => {
    const here = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== 'touch') this.actions.hover(here.x, here.y);
      return;
    }
    if (this.pointers.size >= 2) {
      this.pinch(event.pointerId, before, here);
      return;
    }
    const far = Math.hypot(here.x - this.start.x, here.y - this.start.y) >= CLICK_PX;
    if (!this.moved && !far) return;
    this.pointers.set(event.pointerId, here);
    this.moved = true;
    if (this.gesture === 'box') this.actions.showBox(this.box(here));
    else if (this.gesture === 'pan') this.actions.pan(here.x - before.x, here.y - before.y);
    else this.actions.drag(here.x - before.x, here.y - before.y);
  };

  /** Two fingers: their middle drags, their distance zooms. */
  private pinch(id: number, before: Place, here: Place): void {
    const other = [...this.pointers.entries()].find(([key]) => key !== id)?.[1];
    this.pointers.set(id, here);
    if (other === undefined) return;
    this.actions.pan((here.x - before.x) / 2, (here.y - before.y) / 2);
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(here.x - other.x, here.y - other.y);
    if (was < 1 || is < 1) return;
    this.actions.zoom((here.x + other.x) / 2, (here.y + other.y) / 2, is / was);
  }

  private readonly onUp = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.pointers.size > 0) {
      // The finger that stays goes on dragging from where it is.
      this.gesture = 'drag';
      return;
    }
    const here = this.place(event);
    if (!this.moved && event.button === 0) this.actions.click(this.start.x, this.start.y, event);
    if (this.gesture === 'box') {
      this.actions.showBox(null);
      if (this.moved) this.actions.selectBox(this.box(here), event);
    }
    this.moved = false;
    if (event.pointerType !== 'touch') this.actions.hover(here.x, here.y);
  };

  private readonly onCancel = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId);
    this.actions.showBox(null);
    this.moved = false;
  };

  private box(here: Place): Box {
    return {
      left: Math.min(this.start.x, here.x),
      top: Math.min(this.start.y, here.y),
      right: Math.max(this.start.x, here.x),
      bottom: Math.max(this.start.y, here.y),
    };
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit =
      event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 : event.deltaMode === 2 ? 400 : 1;
    // Trackpads report a pinch as Ctrl + wheel, in much smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    const turn = Math.max(-240, Math.min(240, event.deltaY * unit));
    const here = this.place(event);
    this.actions.zoom(here.x, here.y, Math.exp(-turn * speed));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.target !== this.host || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.press(event.key, event.shiftKey)) event.preventDefault();
  };

  private press(key: string, shift: boolean): boolean {
    const { actions } = this;
    const middle = actions.size();
    const zoom = (factor: number): void =>
      actions.zoom(middle.width / 2, middle.height / 2, factor);
    const keys: Record<string, () => void> = {
      ArrowLeft: () => (shift ? actions.pan(KEY_STEP, 0) : actions.drag(KEY_STEP, 0)),
      ArrowRight: () => (shift ? actions.pan(-KEY_STEP, 0) : actions.drag(-KEY_STEP, 0)),
      ArrowUp: () => (shift ? actions.pan(0, KEY_STEP) : actions.drag(0, KEY_STEP)),
      ArrowDown: () => (shift ? actions.pan(0, -KEY_STEP) : actions.drag(0, -KEY_STEP)),
      '+': () => zoom(1.2),
      '=': () => zoom(1.2),
      '-': () => zoom(1 / 1.2),
      _: () => zoom(1 / 1.2),
      f: () => actions.fit(),
      F: () => actions.fit(),
      '1': () => actions.look('x', false),
      '2': () => actions.look('y', false),
      '3': () => actions.look('z', false),
      '!': () => actions.look('x', true),
      '@': () => actions.look('y', true),
      '#': () => actions.look('z', true),
    };
    const act = keys[key];
    act?.();
    return act !== undefined;
  }
}
