// SPDX-License-Identifier: Apache-2.0
// The columns of the table of experiments: what each shows is in the table, what it sorts by is here.

import type { Experiment } from '../../api/types';
import { experimentName } from '../app/names';
import type { Sort, SortValue } from '../app/table';

export interface ExperimentColumn {
  id: string;
  text: string;
  value: (experiment: Experiment) => SortValue;
  number: boolean;
  /** The direction of the first click. */
  firstDescending: boolean;
}

export const EXPERIMENT_COLUMNS: readonly ExperimentColumn[] = [
  { id: 'name', text: 'Name', value: experimentName, number: false, firstDescending: false },
  {
    id: 'started',
    text: 'Started',
    value: (experiment) => experiment.created_at,
    number: false,
    firstDescending: true,
  },
  {
    id: 'state',
    text: 'State',
    value: (experiment) => (experiment.state === 'running' ? 0 : 1),
    number: false,
    firstDescending: false,
  },
  {
    id: 'steps',
    text: 'Steps',
    value: (experiment) => experiment.step,
    number: true,
    firstDescending: true,
  },
  {
    id: 'embeddings',
    text: 'Embeddings',
    value: (experiment) => experiment.n_templates,
    number: true,
    firstDescending: true,
  },
  {
    id: 'tags',
    text: 'Tags',
    value: (experiment) => (experiment.tags.length === 0 ? null : experiment.tags.join(' ')),
    number: false,
    firstDescending: false,
  },
];

export const NEWEST_FIRST: Sort = { column: 'started', descending: true };

/** What a search looks at. */
export function experimentTexts(experiment: Experiment): (string | null)[] {
  const { name, key, workspace, project, state, tags } = experiment;
  return [name, key, workspace, project, state, ...tags];
}
