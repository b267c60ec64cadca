/** How large a made-up directory is to be. Every user is in five projects and five roles. */
export interface Size {
  readonly users: number;
  /** A multiple of five. */
  readonly projects: number;
  /** A multiple of five. */
  readonly roles: number;
  readonly resources: number;
}

/** What the import promises to take in under a minute: half a million members and half a million holders of roles. */
export const largeSize: Size = { users: 100_000, projects: 1_000, roles: 500, resources: 2_000 };

const organization = 'org_large';
const range = (length: number) => Array.from({ length }, (_, index) => index);

// As long as the ids of the REST systems are.
const id = (prefix: string, n: number) => `${prefix}_${String(n).padStart(24, '0')}`;

// Groups come in blocks of five; users take turns with the blocks, and each is in all five groups of its block.
function usersOf(group: number, groups: number, users: number): string[] {
  const [blocks, first] = [groups / 5, Math.floor(group / 5)];
  return range(Math.ceil((users - first) / blocks)).map((turn) => id('user', first + turn * blocks));
}

function* entriesOf({ users, projects, roles, resources }: Size): Generator<[section: string, entry: object]> {
  yield ['organizations', { id: organization, name: 'Large', features: ['MANAGEMENT_API'] }];
  for (const n of range(resources)) {
    yield ['resources', { id: id('res', n), organization, name: `Resource ${n}` }];
  }
  for (const n of range(users)) {
    const globalRoles = n % 1000 === 0 ? ['ADMIN'] : ['BASE_ROLE'];
    yield ['users', { id: id('user', n), organization, login: `user.${n}@large.test`, name: `User ${n}`, globalRoles }];
  }
  for (const n of range(projects)) {
    const members = usersOf(n, projects, users).map((user) => ({ user, role: 'EDITOR' }));
    yield ['projects', { id: id('proj', n), organization, name: `Project ${n}`, members }];
  }
  for (const n of range(roles)) {
    const granted = range(4).map((k) => id('res', (n * 4 + k) % resources));
    const held = { resources: granted, users: usersOf(n, roles, users) };
    yield ['roles', { id: id('role', n), organization, name: `Role ${n}`, ...held }];
  }
}

/** The text of the import file, piece by piece. */
export function* largeDirectory(size: Size): Generator<string> {
  let open = '';
  for (const [section, entry] of entriesOf(size)) {
    yield section === open ? ',\n' : `${open === '' ? '{' : '],\n'}"${section}": [\n`;
    yield JSON.stringify(entry);
    open = section;
  }
  yield ']}\n';
}
