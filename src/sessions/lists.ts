import type { List } from '../database/lists.js';
import { Prisma } from '../generated/prisma/client.js';

export const userSessions: List = {
  from: 'sessions s',
  parent: 's.user_id',
  key: ['s.started_at', 's.id'],
  keyTypes: ['timestamptz', 'text'],
  descending: true,
  columns: 'to_jsonb(s) as node',
};

/** Of {@link userSessions}: those that go on at `now`. */
export const isActiveAt = (now: Date) => Prisma.sql`(s.ended_at is null and s.expires_at > ${now}::timestamptz)`;
