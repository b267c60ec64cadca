import type { Target } from './removal.js';

/** A removal as words: a user is removed from a project or role, a global role from a user. */
export function toPhrase({ field, name }: Target, who: string) {
  const [what, from] = field === 'removeGlobalRole' ? [name, who] : [who, name];
  return {
    action: `Remove ${what} from ${from}`,
    button: field === 'removeGlobalRole' ? `Remove ${name}` : `Remove from ${name}`,
    done: `${what} has been removed from ${from}`,
    unchanged: `${what} was not removed from ${from}`,
    unknown: `${what} is not known to be removed from ${from}`,
  };
}
