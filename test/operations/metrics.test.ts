import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/http/metrics.js';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');

/** What `/metrics` shows: every metric with its type and what it says of itself. */
async function shown(): Promise<Map<string, { type: string; help: string }>> {
  const metrics = createMetrics({
    database: { poolState: () => ({ open: 0, idle: 0, waiting: 0 }), query: async () => [] },
    upstreams: { state: () => [] },
    streams: { count: () => 0 },
    overload: {
      state: () => ({
        running: 0,
        waiting: 0,
        refused: { IN_FLIGHT: 0, SHARE: 0, EVENT_LOOP: 0, WAITED: 0, SLOW_BODY: 0 },
      }),
    },
    log: pino({ level: 'silent' }),
  });
  const text = await metrics.print();
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help] as const);
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (.*)$/gm)].map(([, name = '', type = '']) => [name, type]));
  return new Map(helps.map(([name, help]) => [name, { help, type: types.get(name) ?? '' }]));
}

describe('docs/operations.md', () => {
  it('lists every metric of ours, as it describes itself, and none that there isn’t', async () => {
    const rows = [...(await shown())].filter(([name]) => name.startsWith('divest_'));
    const listed = [...page.matchAll(/^\| `(divest_\w+)` +\| (\w+) +\| (.*?) +\|$/gm)].map(([, name, type, help]) => ({
      name,
      type,
      // What the page marks beyond it.
      help: help?.replace(/ With workers the (maximum|average)\.$/, ''),
    }));
    const byName = (one: { name?: string | undefined }, other: { name?: string | undefined }) =>
      String(one.name).localeCompare(String(other.name));
    expect(listed.sort(byName)).toEqual(rows.map(([name, { type, help }]) => ({ name, type, help })).sort(byName));
  });

  it('names no metric of the process that isn’t there', async () => {
    const names = await shown();
    const named = [...page.matchAll(/\b((?:process|nodejs)_\w+)\b/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });
});
