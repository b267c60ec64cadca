const placeholder = /\$\{([^}]*)\}?/g;
const wellFormed = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/** A section with its placeholders filled in, and what is wrong with which of its fields. */
interface Filled {
  readonly value: unknown;
  readonly problems: ReadonlyMap<string, string>;
}

/** Fills `${NAME}` in the texts of a section from the environment. What comes from there is not looked through again. */
export function fillIn(section: unknown, env: Readonly<Record<string, string | undefined>>): Filled {
  const problems = new Map<string, string>();
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    return { value: section, problems };
  }
  const fill = (field: string, text: string) =>
    text.replace(placeholder, (whole, name: string) => {
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (!wellFormed.test(whole)) {
        problems.set(field, 'has a placeholder that is none: it must be a dollar sign and {NAME}');
      } else if (value === undefined || value === '') {
        problems.set(field, `needs the environment variable ${name}, which is not set`);
      }
      return value ?? '';
    });
  const entries = Object.entries(section).map(([field, value]) => [
    field,
    typeof value === 'string' ? fill(field, value) : value,
  ]);
  return { value: Object.fromEntries(entries), problems };
}
