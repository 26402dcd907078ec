// SPDX-License-Identifier: Apache-2.0
// Just enough of Python's grammar to colour the few lines we show.

export interface Token {
  kind: 'keyword' | 'string' | 'number' | 'plain';
  text: string;
}

const PATTERN =
  /(?<string>"[^"]*"|'[^']*')|(?<keyword>\b(?:from|import|for|in|with|as|None)\b)|(?<number>\b\d+(?:\.\d+)?\b)/g;

/** The texts of the tokens, joined, are the code. */
export function pythonTokens(code: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of code.matchAll(PATTERN)) {
    if (match.index > at) tokens.push({ kind: 'plain', text: code.slice(at, match.index) });
    const groups = match.groups ?? {};
    const kind =
      groups['string'] !== undefined
        ? 'string'
        : groups['keyword'] !== undefined
          ? 'keyword'
          : 'number';
    tokens.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < code.length) tokens.push({ kind: 'plain', text: code.slice(at) });
  return tokens;
}
