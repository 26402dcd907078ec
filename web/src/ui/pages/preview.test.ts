// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { previewKind, readNumbers, readText } from './preview';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const asset = { name: 'a', type: 'asset', content_type: 'application/octet-stream', size: 10 };

describe('preview', () => {
  it('shows pictures as pictures, vectors as numbers and the rest as text', () => {
    expect(previewKind({ ...asset, content_type: 'image/png' })).toBe('image');
    expect(previewKind({ ...asset, content_type: 'image/png', size: 1e9 })).toBe('text');
    expect(previewKind({ ...asset, content_type: 'image/svg+xml' })).toBe('text');
    expect(previewKind({ ...asset, name: 'x.bytes', type: 'vectors' })).toBe('numbers');
    expect(previewKind({ ...asset, name: 'x.tsv', type: 'vectors' })).toBe('text');
    expect(previewKind({ ...asset, name: 'x.html', content_type: 'text/html' })).toBe('text');
  });

  it('lays out JSON only when all of it is there', () => {
    expect(readText(bytes('{"a":[1]}'), 'a.json', true)).toEqual({
      form: 'json',
      text: '{\n  "a": [\n    1\n  ]\n}',
    });
    expect(readText(bytes('{"a":[1'), 'a.json', false)).toMatchObject({ form: 'plain' });
    expect(readText(bytes('{broken'), 'a.json', true)).toEqual({ form: 'plain', text: '{broken' });
  });

  it('leaves out a line and a character that were cut in two', () => {
    const cut = bytes('a\tb\n1\t2\n3\tü').subarray(0, -1);
    expect(readText(cut, 'x.tsv', false)).toEqual({
      form: 'table',
      rows: [
        ['a', 'b'],
        ['1', '2'],
      ],
      cut: true,
    });
    expect(readText(bytes('aü').subarray(0, 2), 'x.txt', false)).toEqual({
      form: 'plain',
      text: 'a',
    });
  });

  it('takes a file with zero bytes for binary', () => {
    expect(readText(new Uint8Array([65, 0, 66]), 'x.txt', true)).toEqual({ form: 'binary' });
  });

  it('reads whole float32 values only', () => {
    const buffer = new Uint8Array(new Float32Array([1, -2.5, 3]).buffer).subarray(0, 11);
    expect(readNumbers(buffer, 10)).toEqual([1, -2.5]);
    expect(readNumbers(buffer, 1)).toEqual([1]);
  });
});
