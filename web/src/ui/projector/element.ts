// SPDX-License-Identifier: Apache-2.0
// <oort-projector experiment="KEY" template="ASSET_ID" entry="0" embedded>: the projector for
// any page.
//
// It draws into the light DOM. A shadow root would need its styles as text at run time, which
// `style-src 'self'` refuses for <style> elements; here the compiled style sheet is one external
// file, the tokens are shared with the page, and labels of a form or a test reach inside.

import { mount, unmount, untrack } from 'svelte';
import type { Scene } from '../../scene/scene';
import '../kit/base.css';
import '../kit/tokens.css';
import './element.css';
import { theme } from '../kit/theme.svelte';
import type { ProjectorApi } from './api';
import { ProjectorModel, type ChangeKind } from './model.svelte';
import Projector from './projector.svelte';
import { parseState } from './view_state';

export interface StateChange {
  /** The query string of the view, without "?". */
  query: string;
  /** True for a step that "back" should undo, false for a camera on the move. */
  step: boolean;
}

const SETTLE_MS = { camera: 250, step: 30 };

export class OortProjector extends HTMLElement {
  static readonly observedAttributes = ['experiment', 'template', 'entry', 'embedded'];

  #api: ProjectorApi | null = null;
  #state = '';
  #model: ProjectorModel | null = null;
  #view: Record<string, unknown> | null = null;
  #scene: Scene | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #step = false;
  #starting = false;

  /** Where the data comes from. Set before or after connecting; a new one starts anew. */
  get api(): ProjectorApi | null {
    return this.#api;
  }
  set api(api: ProjectorApi | null) {
    this.#api = api;
    this.#restart();
  }

  /** The view as a query string. Setting it changes the view without a statechange event. */
  get state(): string {
    return this.#model?.query ?? this.#state;
  }
  set state(query: string) {
    this.#state = query;
    if (this.#model === null) return;
    clearTimeout(this.#timer);
    this.#step = false;
    const view = parseState(query);
    if (view.theme !== null) theme.show(view.theme);
    this.#model.show(view);
  }

  /** The scene, once it draws; for tests and for those who build on the element. */
  get scene(): Scene | null {
    return this.#scene;
  }

  connectedCallback(): void {
    this.#restart();
  }

  disconnectedCallback(): void {
    // A page made with Svelte may be taking this element away in the middle of its own update.
    untrack(() => this.#stop());
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || this.#model === null) return;
    if (name === 'entry') this.#model.setEntry(Number(after ?? 0));
    else this.#restart();
  }

  // Several attributes and properties are often set in a row: start once, after the last.
  #restart(): void {
    if (this.#starting) return;
    this.#starting = true;
    queueMicrotask(() => {
      this.#starting = false;
      this.#stop();
      if (this.isConnected) this.#start();
    });
  }

  #start(): void {
    const experiment = this.getAttribute('experiment');
    const template = this.getAttribute('template');
    const api = this.#api;
    if (api === null || experiment === null || template === null) return;
    const stillness = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const model = new ProjectorModel(stillness);
    this.#model = model;
    const view = parseState(this.#state);
    const asked = new URLSearchParams(this.#state).has('entry');
    if (!asked) view.entry = Math.max(0, Math.trunc(Number(this.getAttribute('entry') ?? 0)) || 0);
    if (view.theme !== null) theme.show(view.theme);
    model.theme = theme.current;
    model.onchange = (kind) => this.#changed(kind);
    model.onframe = ({ drawn, total, complete }) => {
      this.dataset['drawn'] = String(drawn);
      this.dataset['total'] = String(total);
      this.dataset['complete'] = String(complete);
      this.dataset['images'] = model.spriteState;
      if (this.#scene !== null) this.dataset['renderer'] = this.#scene.renderer;
    };
    model.open({ api, experiment, template }, view);
    const embedded = this.hasAttribute('embedded');
    const onscene = (scene: Scene): void => {
      this.#scene = scene;
      this.dataset['renderer'] = scene.renderer;
    };
    const props = { model, experiment, template, embedded, onscene };
    this.#view = mount(Projector, { target: this, props });
  }

  #stop(): void {
    clearTimeout(this.#timer);
    if (this.#view !== null) void unmount(this.#view);
    this.#model?.destroy();
    this.#view = null;
    this.#model = null;
    this.#scene = null;
    for (const name of ['drawn', 'total', 'complete', 'images', 'renderer']) {
      this.removeAttribute(`data-${name}`);
    }
  }

  #changed(kind: ChangeKind): void {
    if (kind === 'camera' && this.#step) return; // a step is on its way and takes the camera along
    this.#step ||= kind === 'step';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const step = this.#step;
      this.#step = false;
      const query = this.#model?.query ?? '';
      if (query === this.#state) return;
      this.#state = query;
      const detail: StateChange = { query, step };
      this.dispatchEvent(new CustomEvent('statechange', { detail }));
    }, SETTLE_MS[kind]);
  }
}

/** Registers the element; calling it twice is harmless. */
export function defineProjector(): void {
  if (customElements.get('oort-projector') === undefined) {
    customElements.define('oort-projector', OortProjector);
  }
}
