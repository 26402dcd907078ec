// SPDX-License-Identifier: Apache-2.0
// The one icon set: strokes on a 16 x 16 grid, round caps, drawn for this project. Each is the `d`
// of one path, so that an icon costs no markup and no request.

export const ICONS = {
  'arrow-left': 'M13 8H3m4-4L3 8l4 4',
  axes: 'M6 2v8h8M6 10l-4 4M4.5 3.5 6 2l1.5 1.5M12.5 8.5 14 10l-1.5 1.5',
  box: 'M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M7 2.5h2M7 13.5h2M2.5 7v2M13.5 7v2',
  camera: 'M2 5.5h2.6L6 3.5h4l1.4 2H14v7.5H2zM8 7a2.2 2.2 0 1 0 0 4.4A2.2 2.2 0 0 0 8 7z',
  chart: 'M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5 3.5-4.5',
  check: 'M3 8.5 6.5 12 13 4.5',
  'chevron-down': 'M4 6l4 4 4-4',
  'chevron-left': 'M10 4 6 8l4 4',
  'chevron-right': 'M6 4l4 4-4 4',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  download: 'M8 2.5v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  edit: 'M10.5 3 13 5.5 5.5 13H3v-2.5zM9 4.5 11.5 7',
  expand: 'M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9.5 6.5M2.5 13.5l4-4',
  external: 'M7 3.5H3v9.5h9.5V9M9.5 2.5h4v4M13.5 2.5 7.5 8.5',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  'eye-off':
    'M2.5 2.5l11 11M6 4c.6-.3 1.3-.5 2-.5 4 0 6.5 4.5 6.5 4.5a12 12 0 0 1-2 2.5M4 5.2A11 11 0 0 0 1.5 8S4 12.5 8 12.5c1 0 1.9-.3 2.7-.7',
  file: 'M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5',
  fit: 'M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M8 6.5A1.5 1.5 0 1 0 8 9.5 1.5 1.5 0 0 0 8 6.5z',
  folder: 'M1.5 4V12.5h13V5H8L6.5 3h-5z',
  grid: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  help: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.3 6.4a1.7 1.7 0 1 1 2.6 1.5c-.6.4-.9.7-.9 1.3M8 11.2v.1',
  image:
    'M2.5 3h11v10h-11zM2.5 11l3.5-3.5 3 3 1.5-1.5 3 3M10.5 5a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6z',
  info: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 7.5v3.5M8 5v.1',
  link: 'M6.8 9.2 9.2 6.8M7.5 4.8l1.3-1.3a2.6 2.6 0 0 1 3.7 3.7L11.2 8.5M8.5 11.2l-1.3 1.3a2.6 2.6 0 0 1-3.7-3.7L4.8 7.5',
  minus: 'M3 8h10',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z',
  more: 'M3.5 8v.1M8 8v.1M12.5 8v.1',
  move: 'M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2',
  notes: 'M3 2.5h10v11H3zM5.5 5.5h5M5.5 8h5M5.5 10.5h3',
  orbit:
    'M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM3.5 12.5C1 11 1.5 8.5 5 6s7.5-3.5 8.5-1.5-1 4-4.5 6-5 2.5-5.5 2z',
  'panel-left': 'M2 3h12v10H2zM6 3v10',
  'panel-right': 'M2 3h12v10H2zM10 3v10',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l8 5-8 5z',
  plus: 'M8 3v10M3 8h10',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  scatter: 'M2.5 2.5v11h11M6 10v.1M8.5 6.5v.1M11.5 8.5v.1M12 4v.1M5.5 6v.1',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2',
  settings:
    'M2 5h6M12 5h2M2 11h2M8 11h6M10 3.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4zM6 9.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4z',
  share: 'M8 10V2M5 4.5 8 1.5l3 3M4.5 7.5H3v6.5h10V7.5h-1.5',
  sort: 'M5 3v10M2.5 10.5 5 13l2.5-2.5M11 13V3M8.5 5.5 11 3l2.5 2.5',
  stop: 'M4 4h8v8H4z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13',
  table: 'M2 3h12v10H2zM2 6.5h12M2 10h12M6.5 6.5V13',
  tag: 'M2 2.5h5.5L14 9l-5 5L2.5 7.5zM5 5v.1',
  text: 'M3 4V2.5h10V4M8 2.5v11M6 13.5h4',
  trash: 'M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.5 6.5v4.5M9.5 6.5v4.5',
  undo: 'M3 6.5h7a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3',
  upload: 'M8 10.5v-8M4.5 6 8 2.5 11.5 6M2.5 13.5h11',
  warning: 'M8 2 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.1',
} as const;

export type IconName = keyof typeof ICONS;
