import { createRequire } from 'node:module';
import util from 'node:util';
import type * as shield from 'graphql-shield';

// graphql-shield 7.6.5 calls util.isUndefined, which Node 23 took away, and its ESM build imports it by name, so that
// it doesn't even load there. The CommonJS build looks it up when it is called.
if (!('isUndefined' in util)) {
  Object.defineProperty(util, 'isUndefined', { value: (value: unknown) => value === undefined });
}

const { rule, and, or }: typeof shield = createRequire(import.meta.url)('graphql-shield');

export type Rule = ReturnType<typeof shield.and> | ReturnType<ReturnType<typeof shield.rule>>;

export { and, or, rule };
