import { setTimeout as sleep } from 'node:timers/promises';
import type { Headers } from '../support/gateway.js';
import { openConnection } from './connection.js';

/** A load that can go on for ever: what it takes away, it gives back. */
export interface SteadyLoad {
  answered(): number;
  /** From now on no more than so many requests a second; before, as fast as they are answered. */
  limitTo(perSecond: number): void;
  /** Ends it. The answers that were not as expected. */
  stop(): Promise<readonly string[]>;
}

const mostMadeUpMs = 1_000;

const answerOfChange = '__typename ... on AccessError { code message }';

const documents = {
  take: `mutation ($roleId: ID!, $id: ID!) {
    unassignUserFromRole(input: { roleId: $roleId, user: { id: $id }, reason: "soak" }) { ${answerOfChange} }
  }`,
  give: `mutation ($roleId: ID!, $id: ID!) {
    assignUserToRole(input: { roleId: $roleId, user: { id: $id } }) { ${answerOfChange} }
  }`,
  read: `query ($id: ID!) {
    user(by: { id: $id }) {
      login projects(first: 10) { edges { role node { name } } } roles(first: 10) { edges { node { name } } }
    }
  }`,
  list: '{ users(first: 20) { edges { node { id login roles(first: 5) { edges { node { name } } } } } } }',
} as const;

/** What is asked for one user, and what every good answer holds. */
const turn: readonly (readonly [keyof typeof documents, string])[] = [
  ['read', '"login":"load'],
  ['take', '"UnassignUserFromRoleSuccess"'],
  ['take', '"NOT_ASSIGNED"'],
  ['list', '"login":"'],
  ['give', '"AssignUserToRoleSuccess"'],
];

/** Puts such a load on a gateway; each connection has users of its own. */
export function startSteadyLoad(
  url: string,
  headers: Headers,
  { connections, users }: { readonly connections: number; readonly users: number },
): SteadyLoad {
  const wrong: string[] = [];
  let [answered, isStopping, pauseMs] = [0, false, 0];
  const work = async (first: number) => {
    const connection = openConnection(url);
    let next = performance.now();
    for (let index = first; !isStopping; index = index + connections < users ? index + connections : first) {
      for (const [name, expected] of turn) {
        const variables = { id: `user_load${index}`, roleId: 'role_load0' };
        const body = JSON.stringify({ query: documents[name], variables });
        const text = await connection
          .send('/graphql', { 'Content-Type': 'application/json', ...headers }, body)
          .then((reply) => reply.text, String);
        answered += 1;
        if (!text.includes(expected) && wrong.length < 10) {
          wrong.push(`${name}: ${text}`);
        }
        // A little of what a busy machine has held up is made up for.
        next = Math.max(next + pauseMs, performance.now() - mostMadeUpMs);
        if (next > performance.now()) {
          await sleep(next - performance.now());
        }
      }
    }
    connection.close();
  };
  const working = Promise.all(Array.from({ length: connections }, (_, first) => work(first)));
  return {
    answered: () => answered,
    limitTo: (perSecond) => {
      pauseMs = (connections / perSecond) * 1_000;
    },
    stop: async () => {
      isStopping = true;
      await working;
      return wrong;
    },
  };
}
