import { NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Introspection } from '../config.js';
import type { ServerContext } from '../context.js';
import type { HttpPlugin } from './plugin.js';

/** Whether a caller may ask for the schema: everyone, known callers only, or nobody. */
export const isIntrospectionOpen = (setting: Introspection, { principal }: Pick<ServerContext, 'principal'>) =>
  setting === 'on' || (setting === 'authenticated' && Boolean(principal));

/**
 * Refuses `__schema` and `__type` to callers for whom the setting doesn't open them. `__typename` always works: clients
 * need it to tell the members of a union apart. Comes after authentication.
 */
export function useIntrospectionGuard(setting: Introspection): HttpPlugin {
  return {
    onValidate({ context, addValidationRule }) {
      if (!isIntrospectionOpen(setting, context)) {
        addValidationRule(NoSchemaIntrospectionCustomRule);
      }
    },
  };
}
