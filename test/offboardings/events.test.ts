import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { closeRedis, openRedis, openSubscriber } from '../../src/http/redis.js';
import { createOffboardingEvents } from '../../src/offboarding-events.js';
import { redisUrl } from '../support/databases.js';
import { eventually } from '../support/upstream-gateway.js';

const log = pino({ level: 'silent' });

describe('events of off-boardings', () => {
  it('reach those who listen for the same one, until they stop', () => {
    const events = createOffboardingEvents(null, log);
    const heard: string[] = [];
    const stop = events.listen('off_1', () => heard.push('first'));
    events.listen('off_1', () => heard.push('second'));
    events.listen('off_2', () => heard.push('of another'));
    events.publish('off_1');
    stop();
    events.publish('off_1');
    expect(heard).toEqual(['first', 'second', 'second']);
  });
});

describe.runIf(redisUrl)('events of off-boardings through Redis', () => {
  const open: Redis[] = [];
  afterEach(() => {
    for (const connection of open.splice(0)) {
      closeRedis(connection);
    }
  });
  const connect = (url = redisUrl ?? '') => {
    const publisher = openRedis(url, log);
    const subscriber = openSubscriber(publisher);
    open.push(publisher, subscriber);
    return { publisher, subscriber, events: createOffboardingEvents({ publisher, subscriber }, log) };
  };

  it('are heard at another gateway, and again after its connection was lost', async () => {
    const [one, two] = [connect(), connect()];
    let heard = 0;
    two.events.listen('off_1', () => {
      heard += 1;
    });
    const hear = async () => {
      const before = heard;
      await eventually(async () => {
        one.events.publish('off_1');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return heard > before;
      }, 'the event is heard');
    };
    await hear();
    const administrator = new Redis(redisUrl ?? '');
    open.push(administrator);
    await administrator.call('CLIENT', 'KILL', 'ID', String(await clientIdOf(two.subscriber, administrator)));
    await hear();
  });

  it('are heard at the same gateway while Redis is away', () => {
    const { events } = connect('redis://127.0.0.1:1');
    let heard = 0;
    events.listen('off_1', () => {
      heard += 1;
    });
    events.publish('off_1');
    expect(heard).toBe(1);
  });
});

/** The id that the server gave a connection, found by its own port. */
async function clientIdOf(connection: Redis, administrator: Redis): Promise<number> {
  const { localPort } = connection.stream as unknown as { localPort: number };
  const list = String(await administrator.call('CLIENT', 'LIST'));
  return Number(new RegExp(`^id=(\\d+) addr=[^ ]*:${localPort} `, 'm').exec(list)?.[1]);
}
