import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Logger } from 'pino';
import type { HttpPlugin } from './plugin.js';
import { type Answer, acceptsGzip, type Guard, guarded, useRoute } from './route.js';

/** What the console's page is made of. */
export interface ConsoleParts extends Guard {
  /** What stands before the names of types (SCHEMA_TYPE_PREFIX): the page asks with them. */
  readonly typePrefix: string;
  readonly log: Logger;
  /** Where `npm run build` has put the page, its script and its styles. */
  readonly folder?: URL;
}

/** Where the console is. */
export const consolePath = '/console';

// The same place from here and from the compiled file.
const builtFolder = new URL('../../dist/console/', import.meta.url);

/**
 * Serves the console: one page with its script and styles in it. Its policy lets it run those and talk to this server,
 * and nothing else. It is made when it is first asked for, and kept.
 */
export function useConsole({ access, isAuthorized, typePrefix, log, folder = builtFolder }: ConsoleParts): HttpPlugin {
  if (access === 'off') {
    return {};
  }
  let page: Promise<Page> | null = null;
  const getPage = () => {
    page ??= createPage(folder, typePrefix).catch((error) => {
      page = null;
      throw error;
    });
    return page;
  };
  return useRoute({
    path: consolePath,
    answer: guarded({ access, isAuthorized }, async (request) => toAnswer(await getPage(), request)),
    log,
  });
}

interface Page {
  readonly plain: Buffer;
  readonly compressed: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

async function createPage(folder: URL, typePrefix: string): Promise<Page> {
  const read = (name: string) => readFile(new URL(name, folder), 'utf8');
  const [html, script, style] = await Promise.all([read('index.html'), read('main.js'), read('main.css')]);
  const page = [
    ['<link rel="stylesheet" href="main.css" />', `<style>${style}</style>`],
    ['<script type="module" src="main.js"></script>', `<script type="module">${script}</script>`],
    ['name="divest-type-prefix" content=""', `name="divest-type-prefix" content="${typePrefix}"`],
  ].reduce((text, [placeholder = '', content = '']) => fill(text, placeholder, content), html);
  const plain = Buffer.from(page);
  return {
    plain,
    compressed: await promisify(gzip)(plain),
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': createPolicy(script, style),
      // It holds nothing of anybody: a browser may keep it, and asks whether it is still the same.
      'Cache-Control': 'private, no-cache',
      ETag: `"${digest(page).slice(0, 22)}"`,
    },
  };
}

function fill(text: string, placeholder: string, content: string): string {
  if (!text.includes(placeholder)) {
    throw new Error(`The console's page has no ${placeholder}`);
  }
  // A function, since the dollar signs of a script would mean something in a text.
  return text.replace(placeholder, () => content);
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64');

// The script's and the styles' hashes let them apply and nothing else; no text becomes markup (trusted types).
function createPolicy(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src 'sha256-${digest(script)}'`,
    `style-src 'sha256-${digest(style)}'`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function toAnswer({ plain, compressed, headers }: Page, request: Request): Answer {
  if (isFresh(request.headers.get('if-none-match'), headers['ETag'])) {
    return { status: 304, headers, body: null };
  }
  return acceptsGzip(request)
    ? { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: compressed }
    : { status: 200, headers, body: plain };
}

// A proxy that compresses makes the tag a weak one.
const isFresh = (ifNoneMatch: string | null, etag: string | undefined) =>
  (ifNoneMatch ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
