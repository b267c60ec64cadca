import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  validate,
} from 'graphql';
import type { Introspection } from '../config.js';
import type { DocumentCache } from './document-cache.js';
import { isIntrospectionOpen } from './introspection.js';
import type { HttpPlugin } from './plugin.js';
import { reject } from './rejections.js';

/** How large a document may be. */
export const documentLimits = {
  tokens: 1000,
  /** Fields inside each other; `{ viewer { user { id } } }` is 3. */
  depth: 12,
  /** The same below `__schema` and `__type`: the questions that tools ask unwrap types nine times. */
  introspectionDepth: 20,
  /** Fields at the root of an operation. */
  rootFields: 15,
  /** Aliases in an operation, those of `__typename` too. */
  aliases: 30,
  validationErrors: 5,
} as const;

/**
 * Limits what one document can cost before anything is executed. Fragments count wherever they are spread, as they will
 * when they are executed; each is measured once, so that a document whose fragments spread each other exponentially
 * costs no more to refuse than to read. Where the schema is not open, errors don't give it away by guessing
 * what was meant.
 */
export function useDocumentLimits(introspection: Introspection): HttpPlugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithLimit);
      return ({ result }) => {
        if (result && !(result instanceof Error)) {
          checkSize(result);
        }
      };
    },
    onExecutionResult({ result, setResult, context }) {
      if (result && 'errors' in result && result.errors?.every(({ path }) => !path)) {
        const errors = result.errors.slice(0, documentLimits.validationErrors);
        setResult({
          ...result,
          errors: isIntrospectionOpen(introspection, context) ? errors : errors.map(withoutGuess),
        });
      }
    },
    onValidate({ setValidationFn }) {
      setValidationFn((...[schema, document, rules]: Parameters<typeof validate>) =>
        validate(schema, document, rules, { maxErrors: documentLimits.validationErrors }),
      );
    },
  };
}

// graphql-js has a setting for it, but not the executor, which tells of a wrong enum value which one was meant; and
// the outcome of a validation is kept for all callers.
function withoutGuess(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean .*$/s, '');
  return message === error.message
    ? error
    : new GraphQLError(message, { nodes: error.nodes ?? null, extensions: error.extensions });
}

/** The document of a text; null where it is none, or exceeds the limits. It is kept in the cache. */
export function readDocument(text: string, cache: DocumentCache): DocumentNode | null {
  try {
    let document = cache.get(text);
    if (!document) {
      document = parseWithLimit(text);
      cache.set(text, document);
    }
    checkSize(document);
    return document;
  } catch {
    return null;
  }
}

function parseWithLimit(...[source, options]: Parameters<typeof parse>): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens: documentLimits.tokens });
  } catch (error) {
    throw isTokenLimit(error) ? tooLong : error;
  }
}

const isTokenLimit = (error: unknown) =>
  error instanceof GraphQLError && error.message.includes('tokens. Parsing aborted');
const tooLong = reject('DOCUMENT_TOO_LONG', `The document has more than ${documentLimits.tokens} tokens.`);

const checked = new WeakSet<DocumentNode>();

function checkSize(document: DocumentNode): void {
  if (checked.has(document)) {
    return;
  }
  const measure = createMeasure(document);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      checkOperation(definition, measure);
    }
  }
  checked.add(document);
}

function checkOperation({ selectionSet }: OperationDefinitionNode, measure: (set: SelectionSetNode) => Size): void {
  const { fields, aliases, depth, introspectionDepth } = measure(selectionSet);
  if (fields > documentLimits.rootFields) {
    throw reject('TOO_MANY_ROOT_FIELDS', `An operation has ${documentLimits.rootFields} root fields at most.`);
  }
  if (aliases > documentLimits.aliases) {
    throw reject('TOO_MANY_ALIASES', `An operation has ${documentLimits.aliases} aliases at most.`);
  }
  if (depth > documentLimits.depth || introspectionDepth > documentLimits.introspectionDepth) {
    throw reject('DOCUMENT_TOO_DEEP', `Fields are nested ${documentLimits.depth} deep at most.`);
  }
}

/** What a selection set comes to when its fragments are put in place. */
interface Size {
  /** Its own fields, not those inside them. */
  readonly fields: number;
  readonly aliases: number;
  readonly depth: number;
  /** The depth of what is below __schema and __type, which `depth` leaves out. */
  readonly introspectionDepth: number;
}

const nothing: Size = { fields: 0, aliases: 0, depth: 0, introspectionDepth: 0 };

const add = (a: Size, b: Size): Size => ({
  fields: a.fields + b.fields,
  aliases: a.aliases + b.aliases,
  depth: Math.max(a.depth, b.depth),
  introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
});

function createMeasure(document: DocumentNode): (set: SelectionSetNode) => Size {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition.selectionSet);
    }
  }
  const sizes = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const [known, set] = [sizes.get(name), fragments.get(name)];
    if (known || !set) {
      return known ?? nothing;
    }
    // For a fragment that spreads itself, which validation refuses afterwards.
    sizes.set(name, nothing);
    const size = ofSet(set);
    sizes.set(name, size);
    return size;
  };
  const ofSelection = (selection: SelectionNode): Size => {
    if (selection.kind === Kind.FIELD) {
      return ofField(selection, selection.selectionSet ? ofSet(selection.selectionSet) : nothing);
    }
    return selection.kind === Kind.INLINE_FRAGMENT ? ofSet(selection.selectionSet) : ofFragment(selection.name.value);
  };
  const ofSet = ({ selections }: SelectionSetNode): Size => selections.map(ofSelection).reduce(add, nothing);
  return ofSet;
}

function ofField({ name, alias }: FieldNode, inside: Size): Size {
  const aliases = inside.aliases + (alias ? 1 : 0);
  if (name.value === '__schema' || name.value === '__type') {
    return { fields: 1, aliases, depth: 1, introspectionDepth: 1 + inside.depth };
  }
  return { fields: 1, aliases, depth: 1 + inside.depth, introspectionDepth: inside.introspectionDepth };
}
