import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { printErrorReference } from './error-reference.js';
import { frame } from './graphiql-frame.js';
import { createTabs, type DemoHeaders, errorsPath } from './graphiql-tabs.js';
import type { HttpPlugin } from './plugin.js';
import { type Answer, acceptsGzip, type Guard, guarded, isRead, useRoute } from './route.js';
import { graphqlPath } from './yoga-options.js';

/** What the GraphiQL page is made of. */
export interface GraphiQLParts extends Guard {
  readonly schema: GraphQLSchema;
  readonly log: Logger;
  /** Where the console is, if it is there: the page leads to it. */
  readonly consolePath?: string;
  /** Ready-made credentials, shown to whoever opens the page: for the demo only, never in production. */
  readonly demoHeaders?: () => Promise<DemoHeaders>;
}

/**
 * Serves GraphiQL to browsers that open the address of the graph, and beside it the error reference. Everything is in
 * the page, nothing is loaded from elsewhere, and its policy lets it talk to this server alone. It is made when it is first asked for, and kept.
 */
export function useGraphiQL({ access, isAuthorized, ...parts }: GraphiQLParts): HttpPlugin {
  if (access === 'off') {
    return {};
  }
  let page: Promise<Page> | null = null;
  const getPage = () => {
    page ??= createPage(parts).catch((error) => {
      page = null;
      throw error;
    });
    return page;
  };
  const { log, schema } = parts;
  const guard = { access, isAuthorized };
  return {
    onPluginInit({ addPlugin }) {
      addPlugin(
        useRoute({
          path: graphqlPath,
          matches: (request) => isRead(request) && (request.headers.get('accept') ?? '').includes('text/html'),
          answer: guarded(guard, async (request) => toAnswer(await getPage(), request)),
          log,
        }),
      );
      addPlugin(useRoute({ path: errorsPath, answer: guarded(guard, async () => toReference(schema)), log }));
    },
  };
}

const toReference = (schema: GraphQLSchema): Answer => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: printErrorReference(schema),
});

interface Page {
  readonly plain: Buffer;
  readonly compressed: Buffer;
  readonly policy: string;
}

type PageParts = Pick<GraphiQLParts, 'schema' | 'demoHeaders' | 'consolePath'>;

// GraphiQL is 9 MB of text: it is loaded only where it is asked for, and sent compressed.
async function createPage({ schema, demoHeaders, consolePath }: PageParts): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL(createPageOptions(schema, (await demoHeaders?.()) ?? {}));
  const html = frame(page, { 'Error reference': errorsPath, ...(consolePath && { Console: consolePath }) });
  const plain = Buffer.from(html);
  return { plain, compressed: await promisify(gzip)(plain), policy: createPolicy(html) };
}

function createPageOptions(schema: GraphQLSchema, demoHeaders: DemoHeaders) {
  const defaultTabs = createTabs(schema, demoHeaders);
  return {
    title: 'Divest',
    favicon: 'data:,',
    endpoint: graphqlPath,
    // Its default is to ask for subscriptions by GET, without the header that a GET needs (csrf.ts).
    method: 'POST' as const,
    defaultTabs,
    // GraphiQL 5 ignores the headers and variables of the first tab: it takes these headers, as every new tab does,
    // and the tab (viewer) needs no variables. Without its query and variables, every reload would add a tab.
    headers: demoHeaders['*'] ? JSON.stringify(demoHeaders['*'], null, 2) : '',
    query: defaultTabs[0]?.query,
    variables: defaultTabs[0]?.variables,
    // Its default is to keep credentials in the browser's storage.
    shouldPersistHeaders: false,
    // What a mutation is about is in its variables; the headers are one press away.
    defaultEditorToolsVisibility: 'variables' as const,
    // Else the browser would add the Basic credential of this page to every request, as a second credential.
    credentials: 'omit' as const,
  };
}

// The page has one script, inline; its hash lets it run and nothing else. The editor makes style elements and, from
// text within the page, its workers.
function createPolicy(html: string): string {
  const script = html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));
  const hash = createHash('sha256').update(script).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function toAnswer({ plain, compressed, policy }: Page, request: Request): Answer {
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy };
  return acceptsGzip(request)
    ? { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: compressed }
    : { status: 200, headers, body: plain };
}
