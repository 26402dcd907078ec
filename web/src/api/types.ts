// SPDX-License-Identifier: Apache-2.0
// What travels between the server and this page, as api/openapi.yaml describes it. Wire names are
// snake_case. Times (`_at`) are milliseconds since the epoch, UTC; sizes are bytes.

export interface SessionAnswer {
  token: string;
  expires_at: number;
}

export interface ServerInfo {
  version: string;
  url: string;
}

export interface ProjectSummary {
  name: string;
  n_experiments: number;
  updated_at: number;
}

export interface Workspace {
  name: string;
  projects: ProjectSummary[];
}

export type ExperimentState = 'running' | 'finished';

export interface Experiment {
  key: string;
  workspace: string;
  project: string;
  name: string | null;
  state: ExperimentState;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
  step: number | null;
  epoch: number | null;
  tags: string[];
  n_assets: number;
  /** Assets of type `embeddings`. */
  n_templates: number;
}

export interface ExperimentPage {
  /** Newest first. */
  experiments: Experiment[];
  /** Cursor of the next page; null or absent at the end. */
  next?: string | number | null;
}

/** The asset type of a template: the projector config the Embedding Projector opens. */
export const TEMPLATE_TYPE = 'embeddings';

export interface Asset {
  id: string;
  name: string;
  type: string;
  size: number;
  sha256: string;
  content_type: string | null;
  step: number | null;
  epoch: number | null;
  context: string | null;
  group: string | null;
  metadata: Record<string, unknown> | null;
  created_at: number;
  updated_at: number;
}

/** JSON has no NaN: values that are not finite travel as these words. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export interface MetricSummary {
  name: string;
  context: string | null;
  n: number;
  last: WireNumber | null;
  min: WireNumber | null;
  max: WireNumber | null;
  last_step: number | null;
}

export type MetricPoint = [
  step: number | null,
  epoch: number | null,
  timeMs: number,
  value: WireNumber,
];

export interface MetricPoints {
  name: string;
  points: MetricPoint[];
  /** How many there are when the server sent fewer, evenly thinned. */
  thinned_from?: number;
}

export interface Parameter {
  name: string;
  value: unknown;
  step: number | null;
  logged_at: number;
}

export interface Other {
  key?: string;
  name?: string;
  value: unknown;
  logged_at: number;
}

export type PanelKind = 'embedding-projector' | 'metric' | 'images' | 'notes';

export interface Panel {
  id: string;
  kind: PanelKind;
  title: string;
  options: Record<string, unknown>;
  /** Columns of the grid it spans. */
  width: 1 | 2 | 3;
}

export interface PanelList {
  panels: Panel[];
  /** Sent back with a change; the server refuses (409) when somebody else changed it meanwhile. */
  revision: number;
}

/** Whose panels: an experiment's or a project's. */
export type PanelOwner =
  { kind: 'experiment'; key: string } | { kind: 'project'; workspace: string; project: string };
