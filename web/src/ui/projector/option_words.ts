// SPDX-License-Identifier: Apache-2.0
// What the options of the methods are called on screen and what they do, in one place. Which there
// are, their ranges and defaults come from the server; one that is not written about here is shown
// by its own name.

import { formatCount } from './format';

export interface OptionWords {
  title: string;
  /** What a larger value does, what "automatic" means. */
  help: string;
  /** Shown at once; the others are folded away. */
  main?: boolean;
  /** The part of the range that is worth a slider. */
  slider?: { min: number; max: number; step: number };
  /** Makes sense only where a column supervises. */
  supervised?: boolean;
}

const WORDS: Readonly<Record<string, OptionWords>> = {
  perplexity: {
    title: 'Perplexity',
    help: 'How many neighbours each point listens to. Larger shows wider structure and takes longer.',
    main: true,
    slider: { min: 2, max: 100, step: 1 },
  },
  n_neighbors: {
    title: 'Neighbours',
    help: 'How many neighbours each point is tied to. Larger shows wider structure, smaller finer detail.',
    main: true,
    slider: { min: 2, max: 100, step: 1 },
  },
  min_dist: {
    title: 'Minimum distance',
    help: 'How close points may lie in the layout. Smaller packs groups tighter.',
    main: true,
    slider: { min: 0, max: 1, step: 0.01 },
  },
  metric: {
    title: 'Metric',
    help: 'How the distance between two vectors is measured.',
    main: true,
  },
  affinities: {
    title: 'Affinities',
    help: 'Whether nearer neighbours count more, or all of them alike.',
  },
  early_exaggeration: {
    title: 'Early exaggeration',
    help: 'How much harder neighbours pull at first. Larger makes tighter groups before they spread.',
  },
  early_iterations: {
    title: 'Early iterations',
    help: 'Iterations with exaggeration, at the beginning.',
  },
  n_iterations: {
    title: 'Iterations',
    help: 'Iterations in all. More let the layout settle further.',
  },
  learning_rate: {
    title: 'Learning rate',
    help: 'The length of a step. Automatic: as suits the number of points.',
  },
  spread: {
    title: 'Spread',
    help: 'The scale that the minimum distance is measured on. Larger opens the whole layout.',
  },
  n_epochs: {
    title: 'Epochs',
    help: 'Passes over all neighbours. Automatic: fewer for more points.',
  },
  label_weight: {
    title: 'Column weight',
    help: 'How strongly the column pulls alike rows together: 0 not at all, 1 it decides.',
    main: true,
    slider: { min: 0, max: 1, step: 0.05 },
    supervised: true,
  },
  seed: {
    title: 'Seed',
    help: 'The same number gives the same layout, another one a sibling of it.',
  },
};

const CHOICES: Readonly<Record<string, string>> = {
  euclidean: 'Euclidean',
  cosine: 'Cosine',
  dot: 'Dot product',
  perplexity: 'By distance',
  uniform: 'All alike',
};

export function wordsOf(name: string): OptionWords {
  return WORDS[name] ?? { title: name, help: '' };
}

export function choiceText(choice: string): string {
  return CHOICES[choice] ?? choice;
}

const STAGES: Readonly<Record<string, string>> = {
  clean: 'Looking over the points',
  reduce: 'Reducing dimensions',
  neighbors: 'Finding neighbours',
  affinities: 'Weighing neighbours',
  optimise: 'Laying out',
  done: 'Finishing',
};

/** What goes on, in words. */
export function stageText(stage: string): string {
  return STAGES[stage] ?? stage;
}

/** What one step of the last stage is called. */
export function stepName(method: string): string {
  return method === 'umap' ? 'epoch' : 'iteration';
}

/** "Epoch 130 of 200". */
export function stepText(method: string, step: number, nSteps: number): string {
  const name = method === 'umap' ? 'Epoch' : 'Iteration';
  return `${name} ${formatCount(step)} of ${formatCount(nSteps)}`;
}
