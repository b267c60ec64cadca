import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../src/http/fair-queue.js';

const queueOf = (...entries: readonly (readonly [string, string])[]) => {
  const queue = new FairQueue<string>();
  for (const [flow, item] of entries) {
    queue.add(flow, item);
  }
  return queue;
};
const anyone = () => true;
const takeAll = (queue: FairQueue<string>) => {
  const taken: string[] = [];
  for (let item = queue.take(anyone); item !== null; item = queue.take(anyone)) {
    taken.push(item);
  }
  return taken;
};

describe('a fair queue', () => {
  it('serves the flows in turn, each in its own order', () => {
    const queue = queueOf(['a', 'a1'], ['a', 'a2'], ['a', 'a3'], ['b', 'b1'], ['c', 'c1'], ['c', 'c2']);
    expect(takeAll(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    expect(queue.size).toBe(0);
  });

  it('serves who comes late after one of each other flow', () => {
    const queue = queueOf(['a', 'a1'], ['a', 'a2'], ['a', 'a3'], ['b', 'b1'], ['b', 'b2']);
    expect([queue.take(anyone), queue.take(anyone)]).toEqual(['a1', 'b1']);
    queue.add('late', 'late1');
    expect(takeAll(queue)).toEqual(['a2', 'b2', 'late1', 'a3']);
  });

  it('passes over a flow that may not, without taking its turn away', () => {
    const queue = queueOf(['a', 'a1'], ['b', 'b1'], ['b', 'b2'], ['c', 'c1']);
    expect([queue.take((flow) => flow !== 'a'), queue.take((flow) => flow === 'd')]).toEqual(['b1', null]);
    expect(takeAll(queue)).toEqual(['a1', 'c1', 'b2']);
  });

  it('forgets what is taken out, once', () => {
    const queue = queueOf(['a', 'a1'], ['a', 'a2'], ['b', 'b1']);
    expect([queue.delete('a', 'a1'), queue.delete('a', 'a1'), queue.delete('b', 'b1')]).toEqual([true, false, true]);
    expect([...queue]).toEqual([['a', 'a2']]);
    expect([queue.size, ...takeAll(queue)]).toEqual([1, 'a2']);
  });
});
