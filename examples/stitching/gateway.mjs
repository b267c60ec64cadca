import { readFileSync } from 'node:fs';
import { buildHTTPExecutor } from '@graphql-tools/executor-http';
import { stitchSchemas } from '@graphql-tools/stitch';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { peopleSchema } from './people.mjs';

/** What Divest has to get from the caller: its credential, and the id by which the request is found in the log. */
const forwarded = [
  'authorization',
  'x-management-id',
  'x-management-token',
  'x-api-key',
  'x-cxone-authorization',
  'traceparent',
];

const toHeaders = (request) =>
  Object.fromEntries([...(request?.headers ?? [])].filter(([name]) => forwarded.includes(name)));

/** `nodes` takes so many ids at once. */
const largestBatch = 200;

const limitBatches = (subschema) => ({
  ...subschema,
  merge: Object.fromEntries(
    Object.entries(subschema.merge ?? {}).map(([type, merge]) => [
      type,
      { ...merge, dataLoaderOptions: { ...merge.dataLoaderOptions, maxBatchSize: largestBatch } },
    ]),
  ),
});

/** One schema of Divest, over HTTP, and of the people service. */
function createStitchedSchema({ divestUrl }) {
  const { stitchingDirectivesTransformer } = stitchingDirectives();
  const divest = {
    // What `divest print-schema --stitching` prints.
    schema: buildSchema(readFileSync(new URL('divest.graphql', import.meta.url), 'utf8')),
    executor: buildHTTPExecutor({
      endpoint: divestUrl,
      headers: ({ context } = {}) => toHeaders(context?.request),
    }),
  };
  return stitchSchemas({
    subschemas: [divest, { schema: peopleSchema }],
    subschemaConfigTransforms: [stitchingDirectivesTransformer, limitBatches],
  });
}

/** The gateway, as a listener of node:http. It tells its own terminal why Divest could not be asked, and no caller. */
export const createGateway = (where) => createYoga({ schema: createStitchedSchema(where), logging: 'error' });
