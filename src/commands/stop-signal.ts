const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Resolves at the first signal that asks the process to stop. A second one ends it at once: whoever sends it doesn't
 * want to wait for what is under way.
 */
export function waitForStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of signals) {
      process.on(signal, () => {
        if (isStopping) {
          process.exit(1);
        }
        isStopping = true;
        resolve();
      });
    }
  });
}
