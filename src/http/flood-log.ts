import type { Logger } from 'pino';

const quietMs = 5_000;

/** Tells of a flood once when it begins, and once when there was none of it for five seconds. */
export function createFloodLog(log: Logger) {
  let count = 0;
  let last = 0;
  let timer: NodeJS.Timeout | null = null;
  const end = () => {
    if (timer) {
      clearInterval(timer);
      timer = null;
      log.info({ refused: count }, 'the gateway is no longer overloaded');
    }
  };
  const endIfQuiet = () => {
    if (performance.now() - last >= quietMs) {
      end();
    }
  };
  return {
    tell: () => {
      last = performance.now();
      if (!timer) {
        count = 0;
        timer = setInterval(endIfQuiet, 1_000).unref();
        log.warn('the gateway is overloaded: requests are refused');
      }
      count += 1;
    },
    end,
  };
}
