// SPDX-License-Identifier: Apache-2.0
// One kind of failure for everything that can go wrong between this page and the server. The message
// is a sentence for the person in front of the screen.

/** The server's codes, and two of our own: `unreachable` (no answer at all) and `bad_answer`. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(
    code: string,
    message: string,
    status: number | null = null,
    retryAfterMs: number | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const BY_STATUS: Partial<Record<number, [code: string, message: string]>> = {
  400: ['invalid_argument', 'The server could not read this request.'],
  401: ['unauthenticated', 'The session is over. Sign in again.'],
  403: ['forbidden', 'The server does not allow this here.'],
  404: ['not_found', 'The server has no such thing.'],
  409: ['conflict', 'Somebody else changed this in the meantime.'],
  413: ['too_large', 'This is larger than the server accepts.'],
  421: ['forbidden', 'The server does not answer to this host name (see --allow-host).'],
  429: ['unavailable', 'The server is busy. Try again in a moment.'],
  503: ['unavailable', 'The server is not ready for this yet. Try again in a moment.'],
};

/** `Retry-After` in seconds or as a date -> milliseconds from `now`; null when absent or unreadable. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The server writes for logs too: `perplexity 400 is out of range: 5..100`. */
export function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** Reads a refusal. Proxies answer in their own words, so a body of another form is no surprise. */
export async function errorFrom(response: Response, now: number): Promise<ApiError> {
  const known = BY_STATUS[response.status];
  let code = known?.[0] ?? (response.status >= 500 ? 'internal' : 'refused');
  let message = known?.[1] ?? `The server refused this request (HTTP ${response.status}).`;
  try {
    const body: unknown = await response.json();
    if (isRecord(body) && isRecord(body['error'])) {
      const error = body['error'];
      if (typeof error['code'] === 'string') code = error['code'];
      if (typeof error['message'] === 'string' && error['message'] !== '')
        message = asSentence(error['message']);
    }
  } catch {
    // No JSON: the words above stand.
  }
  const wait = parseRetryAfter(response.headers.get('Retry-After'), now);
  return new ApiError(code, message, response.status, wait);
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

/** Anything thrown, as one sentence. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
