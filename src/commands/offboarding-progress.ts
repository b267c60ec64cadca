import type { Offboarding } from '../offboarding.js';

/** Tells a person how far an off-boarding is. */
export interface OffboardingProgress {
  show(now: Offboarding): void;
  /** Takes the bar away. Does nothing the second time. */
  stop(): void;
}

/** A bar on a terminal; elsewhere a line whenever something has changed, a second apart at least. */
export async function createOffboardingProgress(begun: Offboarding): Promise<OffboardingProgress> {
  return process.stderr.isTTY ? createBar(begun) : createLines();
}

async function createBar(begun: Offboarding): Promise<OffboardingProgress> {
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    ...{ format: '{bar} {value} of {total}, {refused} refused', clearOnComplete: true, hideCursor: true },
    stream: process.stderr,
  });
  bar.start(begun.total, begun.total - begun.pending, { refused: begun.refused });
  return {
    show: ({ total, pending, refused }) => bar.update(total - pending, { refused }),
    stop: () => bar.stop(),
  };
}

function createLines(): OffboardingProgress {
  let last = '';
  let writtenAt = 0;
  return {
    show({ total, pending, refused }) {
      const line = `${total - pending} of ${total}, ${refused} refused\n`;
      if (line !== last && performance.now() - writtenAt >= 1_000) {
        process.stderr.write(line);
        [last, writtenAt] = [line, performance.now()];
      }
    },
    stop: () => {},
  };
}
