// SPDX-License-Identifier: Apache-2.0
// What the projector knows and does, apart from how it looks: loads an entry, keeps the view, and
// directs the stage. Components read its fields and call its methods; nothing else changes them.

import { N_CATEGORY_SLOTS } from '../../data/colour';
import type { Axis, Scene, SpriteAtlas, Tool } from '../../scene/scene';
import type { Theme } from '../kit/theme.svelte';
import {
  asFailure,
  isAbort,
  type ColumnInfo,
  type DatasetInfo,
  type ExperimentName,
  type PcaInfo,
  type ProjectorApi,
  type TemplateEntry,
  type TemplateInfo,
} from './api';
import { Columns, colourColumnOf, labelColumnOf, scaleOf, textAt } from './columns.svelte';
import { EntrySource, isYoung } from './entry_source';
import { SHOW_ALL, type LegendFilter } from './legend';
import { Notices } from './notices.svelte';
import { Placement, type Axes, type PlacementHost } from './placement.svelte';
import type { Run } from './projection_run.svelte';
import { Selected } from './selected.svelte';
import type { SelectMode } from './selection';
import { Stage } from './stage';
import { defaultState, formatState, imageSizeFor, type ViewState } from './view_state';

export type Phase =
  | { kind: 'loading' }
  | { kind: 'waiting'; message: string }
  | { kind: 'failed'; message: string }
  | { kind: 'ready' };

export interface Target {
  api: ProjectorApi;
  experiment: string;
  template: string;
}

/** 'camera': a continuous change; 'step': one that "back" should undo. */
export type ChangeKind = 'camera' | 'step';

export interface FrameInfo {
  drawn: number;
  total: number;
  complete: boolean;
}

type LookPart = Pick<
  ViewState,
  'labels' | 'images' | 'tint' | 'imageSize' | 'pointSize' | 'opacity'
>;

/** More points than this are not labelled with what their colour says already. */
const LABELS_OF_CLASSES_UP_TO = 300;
/** How long a change of entry holds the old picture to swap points and colours together. */
const TOGETHER_MS = 150;

function hostOf(model: ProjectorModel): PlacementHost {
  return {
    get view() {
      return model.view;
    },
    get source() {
      return model.source;
    },
    get order() {
      return model.order;
    },
    get ready() {
      return model.phase.kind === 'ready';
    },
    apply: (draft, kind) => model.change(draft, kind),
    say: (kind, text) => model.notices.say(kind, text),
    guard: (work) => model.guard(work),
  };
}

export class ProjectorModel {
  view = $state.raw<ViewState>(defaultState());
  phase = $state.raw<Phase>({ kind: 'loading' });
  experiment = $state.raw<ExperimentName | null>(null);
  template = $state.raw<TemplateInfo | null>(null);
  dataset = $state.raw<DatasetInfo | null>(null);
  pca = $state.raw<PcaInfo | null>(null);
  sprite = $state.raw<SpriteAtlas | null>(null);
  spriteState = $state<'none' | 'loading' | 'ready' | 'failed'>('none');
  hover = $state.raw<{ position: number; x: number; y: number } | null>(null);
  frame = $state.raw<FrameInfo>({ drawn: 0, total: 0, complete: false });
  tool = $state<Tool>('orbit');
  theme = $state<Theme>('dark');

  readonly notices = new Notices();
  readonly stage = new Stage();
  readonly selected = new Selected(this.stage);
  readonly paint = new Columns();
  readonly placement: Placement;
  onchange: (kind: ChangeKind) => void = () => undefined;
  onframe: (frame: FrameInfo) => void = () => undefined;

  #target: Target | null = null;
  #abort = new AbortController();
  #source: EntrySource | null = null;
  #unlisten: (() => void)[] = [];

  constructor(readonly still = false) {
    this.placement = new Placement(hostOf(this), this.stage, still);
  }

  get source(): EntrySource | null {
    return this.#source;
  }

  get projections(): Placement['projections'] {
    return this.placement.projections;
  }

  get entry(): TemplateEntry | null {
    return this.template?.entries.find((one) => one.index === this.view.entry) ?? null;
  }

  get columns(): ColumnInfo[] {
    return this.dataset?.columns ?? [];
  }

  get order(): Uint32Array {
    return this.selected.order;
  }

  get colourColumn(): number | null {
    return colourColumnOf(this.view, this.columns);
  }

  get labelColumn(): number | null {
    return labelColumnOf(this.view, this.columns);
  }

  /**
   * A crowd of labels that only repeat the colours would hide the points: then off unless
   * asked.
   */
  get labelsOn(): boolean {
    const repeats = this.labelColumn !== null && this.labelColumn === this.colourColumn;
    return this.view.labels ?? !(repeats && this.order.length > LABELS_OF_CLASSES_UP_TO);
  }

  /** CSS px of the pictures at the points. */
  get imageSize(): number {
    return this.view.imageSize ?? imageSizeFor(this.order.length);
  }

  scaleOf(info: ColumnInfo): 'classes' | 'ramp' {
    return scaleOf(this.view, info);
  }

  /** The query string of what is on screen. */
  get query(): string {
    return formatState({ ...this.view, camera: this.placement.camera });
  }

  /** What is written beside a point: its label, or its row number. */
  nameOf(position: number): string {
    const text = textAt(this.paint.labels, position);
    return text !== null && text !== '' ? text : `row ${this.order[position] ?? position}`;
  }

  // The scene.

  async attach(scene: Scene): Promise<void> {
    this.#unlisten = [
      scene.on('hover', ({ position, x, y }) => {
        this.hover = position === null ? null : { position, x, y };
      }),
      scene.on('click', ({ position, shift, alt }) => this.#click(position, shift, alt)),
      scene.on('box', ({ positions, shift, alt }) => {
        this.select(positions, alt ? 'remove' : shift ? 'add' : 'replace');
      }),
      scene.on('camera', (camera) => {
        const { placement } = this;
        if (!placement.touched) {
          placement.home = camera; // the first fit is no choice of the person's
          return;
        }
        placement.camera = camera;
        this.onchange('camera');
      }),
      scene.on('frame', ({ drawn, total, complete }) => {
        const old = this.frame;
        if (old.drawn !== drawn || old.total !== total || old.complete !== complete) {
          this.frame = { drawn, total, complete };
        }
        this.onframe({ drawn, total, complete });
      }),
      scene.on('lost', ({ message }) => this.notices.say('warning', message)),
    ];
    await this.stage.attach(scene, this.view.camera);
  }

  /** The person took hold of the camera: from now on it is part of the address. */
  touch(): void {
    this.placement.touched = true;
  }

  #click(position: number | null, shift: boolean, alt: boolean): void {
    if (position === null) {
      if (!shift && !alt) this.clearSelection();
      return;
    }
    this.select(Uint32Array.of(position), alt ? 'remove' : shift ? 'toggle' : 'replace');
    if (this.selected.positions.includes(position)) this.selected.focus = position;
  }

  #applyLook(): void {
    const { pointSize, opacity, images, tint } = this.view;
    const imageSize = this.imageSize;
    const labels = this.labelsOn;
    this.stage.setLook({
      pointSize,
      opacity,
      images,
      tint,
      imageSize,
      labels,
      theme: this.theme,
    });
  }

  #drawColours(): void {
    this.stage.setColours(this.paint.colouring, this.theme, this.view.filter);
  }

  // Loading.

  /** Shows a template from the start. */
  open(target: Target, view: ViewState): void {
    this.#target = target;
    this.experiment = null;
    this.template = null;
    this.view = view;
    this.placement.camera = view.camera;
    this.projections.adopt(view);
    this.#applyLook();
    this.stage.setMode(view.mode);
    this.#load();
    this.#readExperiment();
  }

  #readExperiment(): void {
    const target = this.#target;
    target?.api.experiment?.(target.experiment, this.#abort.signal).then(
      (name) => (this.experiment = name),
      () => undefined, // the line at the top then shows the key
    );
  }

  retry(): void {
    this.#load();
  }

  /** Applies an address: what differs is changed, as if by hand, without a new step. */
  show(view: ViewState): void {
    const before = this.view;
    this.view = { ...view, theme: view.theme ?? before.theme };
    this.placement.camera = view.camera;
    this.placement.touched = view.camera !== null;
    this.projections.adopt(view);
    this.#applyLook();
    this.stage.setMode(view.mode);
    const camera = view.camera ?? this.placement.home;
    if (camera !== null) this.stage.scene?.setCamera({ ...camera, mode: view.mode }, true);
    if (view.entry !== before.entry) {
      this.#load();
      return;
    }
    this.selected.setRows(view.rows);
    this.placement.arrange();
    this.guard(this.#colour());
    this.guard(this.#label());
  }

  #load(): void {
    const target = this.#target;
    if (target === null) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { experiment, template } = target;
    const ref = { experiment, template, entry: this.view.entry };
    this.phase = { kind: 'loading' };
    this.hover = null;
    const source = new EntrySource(target.api, ref, this.#abort.signal, (message) => {
      if (source !== this.#source) return;
      this.phase = { kind: 'waiting', message };
      void this.#readTemplate(source); // says which assets are still missing
    });
    this.#source = source;
    void this.#readTemplate(source);
    this.#loadEntry(source).catch((thrown: unknown) => {
      if (!isAbort(thrown) && source === this.#source) this.fail(asFailure(thrown).message);
    });
  }

  /** Says why there is no picture: in place of it, or beside the one that is there. */
  fail(message: string): void {
    if (this.phase.kind === 'ready') this.notices.say('danger', message);
    else this.phase = { kind: 'failed', message };
  }

  async #readTemplate(source: EntrySource): Promise<void> {
    const { experiment, template } = source.ref;
    try {
      const info = await source.api.template(experiment, template, source.signal);
      if (source === this.#source) this.template = info;
    } catch (thrown) {
      if (isAbort(thrown) || source !== this.#source) return;
      const { code, message } = asFailure(thrown);
      const arriving = code === 'not_found' && isYoung(template);
      if (code !== 'unavailable' && !arriving) this.fail(message);
    }
  }

  /** Points as soon as there are coordinates; colours beside them; pictures last. */
  async #loadEntry(source: EntrySource): Promise<void> {
    const asked = Promise.all([source.order(), this.placement.first(source)]);
    const described = Promise.all([source.dataset(), source.pca()]);
    const coloured = source
      .dataset()
      .then(({ columns }) => this.paint.colouringOf(source, this.view, columns));
    described.catch(() => undefined); // both are awaited below, after the points
    coloured.catch(() => undefined);
    const [order, places] = await asked;
    if (source !== this.#source) return;
    if (this.placement.axes !== null) {
      const late = new Promise((resolve) => setTimeout(resolve, TOGETHER_MS));
      await Promise.race([coloured.catch(() => undefined), late]);
      if (source !== this.#source) return;
    }
    this.#showPoints(order, places);
    this.projections.foresee();
    const [dataset, pca] = await described;
    if (source !== this.#source) return;
    this.dataset = dataset;
    this.pca = pca;
    // The link may have come before the upload: what was not found then is there now.
    if (this.template === null) void this.#readTemplate(source);
    if (this.experiment === null) this.#readExperiment();
    await Promise.all([this.#colour(), this.#label()]);
    await this.#pictures(source);
  }

  #showPoints(order: Uint32Array, { axes, by }: { axes: Axes; by: string }): void {
    const glide = order.length === this.order.length && this.placement.axes !== null;
    this.stage.clear();
    this.#dropSprite();
    this.paint.clear();
    this.placement.axes = axes;
    this.placement.by = by;
    this.selected.setOrder(order, this.view.rows);
    this.#applyLook();
    this.placement.draw(glide);
    this.#drawColours();
    this.phase = { kind: 'ready' };
  }

  async #colour(): Promise<void> {
    const source = this.#source;
    if (source === null) return;
    const { colour, scale } = this.view;
    const next = await this.paint.colouringOf(source, this.view, this.columns);
    const wanted = colour === this.view.colour && scale === this.view.scale;
    if (source !== this.#source || !wanted) return;
    this.paint.colouring = next;
    this.#applyLook();
    this.#drawColours();
  }

  async #label(): Promise<void> {
    const source = this.#source;
    const column = this.labelColumn;
    if (source === null) return;
    const data = column === null ? null : await source.column(column);
    if (source !== this.#source || column !== this.labelColumn) return;
    this.paint.labels = data;
    this.#applyLook();
    this.stage.setLabelText((position) => this.nameOf(position));
  }

  #dropSprite(): void {
    const old = this.sprite;
    // Only closed once the scene has let go of it.
    void this.stage.setSprite(null).finally(() => old?.image.close());
    this.sprite = null;
    this.spriteState = 'none';
  }

  async #pictures(source: EntrySource): Promise<void> {
    if (this.dataset === null || this.dataset.sprite === null) return;
    this.spriteState = 'loading';
    try {
      const atlas = await source.sprite();
      if (atlas === null || source !== this.#source) return;
      this.sprite = atlas;
      await this.stage.setSprite(atlas);
      if (source !== this.#source) return;
      this.spriteState = 'ready';
      // Draws once more, so that the frame that says so has the pictures in it.
      this.#applyLook();
    } catch (thrown) {
      if (isAbort(thrown) || source !== this.#source) return;
      this.spriteState = 'failed';
      this.notices.say('warning', `The pictures cannot be shown: ${asFailure(thrown).message}`);
    }
  }

  /** Fetches every column, for the card. */
  async wantAllColumns(): Promise<void> {
    const source = this.#source;
    if (source === null || this.paint.all.length > 0 || this.columns.length === 0) return;
    await this.paint.fetchAll(source, this.columns, (name, thrown) => {
      this.notices.say('warning', `Column ${name} cannot be read: ${asFailure(thrown).message}`);
    });
  }

  // What a person does.

  change(part: Partial<ViewState>, kind: ChangeKind = 'step'): void {
    this.view = { ...this.view, ...part };
    this.onchange(kind);
  }

  /** Waits for work; its failure is said. */
  guard(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      if (!isAbort(thrown)) this.notices.say('danger', asFailure(thrown).message);
    });
  }

  setEntry(entry: number): void {
    if (entry === this.view.entry) return;
    this.change({ entry });
    this.#load();
  }

  setMode(mode: '2d' | '3d'): void {
    if (mode === this.view.mode) return;
    this.change({ mode });
    this.stage.setMode(mode);
    this.placement.arrange();
  }

  /** Opens a method's tab, as it was left. */
  setMethod(method: string): void {
    if (method === this.view.method) return;
    this.placement.keepLook();
    this.change({ method, ...this.projections.remembered(method) });
    this.placement.takeLook();
    this.placement.arrange();
  }

  /** Shows a computation: the tab, the dimension and the entry it belongs to. */
  goTo({ entry, request }: Run): void {
    const mode = request.n_components === 3 ? '3d' : '2d';
    const { method, options, supervise_by: superviseBy } = request;
    const elsewhere = entry.entry !== this.view.entry;
    this.placement.keepLook();
    this.change({ method, options, superviseBy, mode, entry: entry.entry });
    this.projections.adopt(this.view);
    this.stage.setMode(mode);
    this.placement.takeLook();
    if (elsewhere) this.#load();
    else this.placement.arrange();
  }

  /** Puts a component on an axis; the axis that had it takes the other's in exchange. */
  setAxis(axis: 0 | 1 | 2, component: number): void {
    const axes: [number, number, number] = [...this.view.axes];
    const holder = axes.indexOf(component);
    if (holder >= 0) axes[holder as 0 | 1 | 2] = axes[axis];
    axes[axis] = component;
    this.change({ axes });
    this.guard(this.placement.project());
  }

  setColour(colour: string): void {
    this.change({ colour, scale: null, filter: SHOW_ALL });
    this.guard(this.#colour());
  }

  setScale(scale: 'classes' | 'ramp'): void {
    this.change({ scale, filter: SHOW_ALL });
    this.guard(this.#colour());
  }

  setFilter(filter: LegendFilter): void {
    this.change({ filter });
    this.stage.setFilter(filter);
    const { colouring } = this.paint;
    const many = colouring.kind === 'classes' && colouring.data.values.length > N_CATEGORY_SLOTS;
    if (many) this.guard(this.#colour()); // classes shown alone get colours of their own
  }

  setLabel(label: string): void {
    this.change({ label });
    this.guard(this.#label());
  }

  setLook(look: Partial<LookPart>): void {
    this.change(look);
    this.#applyLook();
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.stage.scene?.setTool(tool);
  }

  /** Follows the page's theme; `chosen` also writes it into the address. */
  setTheme(theme: Theme, chosen: boolean): void {
    if (chosen) this.change({ theme });
    if (theme === this.theme) return;
    this.theme = theme;
    this.#applyLook();
    this.#drawColours();
  }

  lookAlong(axis: Axis): void {
    this.touch();
    this.stage.scene?.lookAlong(axis);
  }

  /** Brings the selection, or everything, into view. */
  fit(): void {
    this.touch();
    const { positions } = this.selected;
    this.stage.scene?.fit(positions.length > 0 ? positions : undefined);
  }

  select(positions: Uint32Array, mode: SelectMode): void {
    this.selected.select(positions, mode);
    this.change({ rows: this.selected.rows });
  }

  clearSelection(): void {
    if (this.selected.positions.length > 0) this.select(new Uint32Array(0), 'replace');
  }

  destroy(): void {
    this.#abort.abort();
    this.projections.destroy();
    this.#source = null;
    for (const stop of this.#unlisten) stop();
    this.stage.destroy();
    this.sprite?.image.close();
    this.sprite = null;
  }
}
