import type { GraphQLSchema } from 'graphql';
import '../organizations/schema.js';
import '../users/schema.js';
import '../resources/schema.js';
import '../projects/schema.js';
import '../projects/mutation.js';
import '../roles/schema.js';
import '../roles/resources.js';
import '../roles/mutation.js';
import '../global-roles/mutation.js';
import '../sessions/schema.js';
import '../sessions/mutation.js';
import '../revocations/schema.js';
import '../grants/schema.js';
import '../grants/mutation.js';
import '../offboardings/schema.js';
import '../offboardings/mutation.js';
import '../offboardings/subscription.js';
import '../viewer/schema.js';
import '../federation/schema.js';
import { builder } from './builder.js';
import { prefixTypes } from './type-prefix.js';

/**
 * The executable schema. With `typePrefix`, every type that is not an entity gets it in front of its name. Throws where
 * a root field has no rule in permissions.ts.
 */
export function buildSchema({ typePrefix = '' }: { typePrefix?: string } = {}): GraphQLSchema {
  const schema = builder.toSchema({ sortSchema: false });
  return typePrefix === '' ? schema : prefixTypes(schema, typePrefix);
}
