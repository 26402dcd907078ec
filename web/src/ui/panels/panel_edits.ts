// SPDX-License-Identifier: Apache-2.0
// Changes to a list of panels as functions, so that one can be applied again to a list that somebody
// else changed meanwhile. A change to a panel that is gone does nothing. Pure.

import type { Panel, PanelKind } from '../../api/types';

export type Panels = readonly Panel[];
export type PanelEdit = (panels: Panels) => Panels;

export interface PanelType {
  kind: PanelKind;
  title: string;
  text: string;
  icon: 'scatter' | 'chart' | 'image' | 'notes';
  width: Panel['width'];
}

/** The gallery. */
export const PANEL_TYPES: readonly PanelType[] = [
  {
    kind: 'embedding-projector',
    title: 'Embedding Projector',
    text: 'Vectors as points in 2-D or 3-D, with labels, colours and images.',
    icon: 'scatter',
    width: 2,
  },
  {
    kind: 'metric',
    title: 'Metric',
    text: 'A logged number over steps, epochs or time.',
    icon: 'chart',
    width: 1,
  },
  {
    kind: 'images',
    title: 'Images',
    text: 'The newest pictures that were logged.',
    icon: 'image',
    width: 1,
  },
  {
    kind: 'notes',
    title: 'Notes',
    text: 'Plain text beside the pictures: what was tried, what was seen.',
    icon: 'notes',
    width: 1,
  },
];

export function panelType(kind: PanelKind): PanelType | undefined {
  return PANEL_TYPES.find((type) => type.kind === kind);
}

/** 32 hex digits. crypto.randomUUID would need a secure context, which a plain http host is not. */
export function newPanelId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function newPanel(type: PanelType, id: string): Panel {
  return { id, kind: type.kind, title: type.title, options: {}, width: type.width };
}

function inserted(panels: Panels, at: number, panel: Panel): Panels {
  return [...panels.slice(0, at), panel, ...panels.slice(at)];
}

/** At a place, or at the end. A panel that is there already is not added twice. */
export function addPanel(panel: Panel, at = Infinity): PanelEdit {
  return (panels) =>
    panels.some(({ id }) => id === panel.id) ? panels : inserted(panels, at, panel);
}

export function removePanel(id: string): PanelEdit {
  return (panels) => panels.filter((panel) => panel.id !== id);
}

function change(id: string, changes: (panel: Panel) => Partial<Panel>): PanelEdit {
  return (panels) =>
    panels.map((panel) => (panel.id === id ? { ...panel, ...changes(panel) } : panel));
}

export function renamePanel(id: string, title: string): PanelEdit {
  return change(id, () => ({ title }));
}

export function resizePanel(id: string, width: Panel['width']): PanelEdit {
  return change(id, () => ({ width }));
}

/** Only the named options change; undefined takes one away. */
export function setOptions(id: string, options: Record<string, unknown>): PanelEdit {
  return change(id, (panel) => {
    const merged = Object.entries({ ...panel.options, ...options });
    return { options: Object.fromEntries(merged.filter(([, value]) => value !== undefined)) };
  });
}

/** By some places, towards the beginning when negative. */
export function movePanel(id: string, by: number): PanelEdit {
  return (panels) => {
    const from = panels.findIndex((panel) => panel.id === id);
    const panel = panels[from];
    if (panel === undefined) return panels;
    const to = Math.min(panels.length - 1, Math.max(0, from + by));
    return inserted(removePanel(id)(panels), to, panel);
  };
}

/** An option that is text, or null. */
export function textOption(panel: Panel, name: string): string | null {
  const value = panel.options[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
