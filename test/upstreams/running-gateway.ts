import type { CompiledCli, Running } from '../commands/compiled.js';
import { type Headers, type Result, testSettings } from '../support/gateway.js';

/** A gateway in a process of its own. */
export interface RunningGateway {
  readonly running: Running;
  /** The address of the graph. */
  readonly url: string;
  /** Sends an operation; rejects where the gateway ends before it answers. */
  ask(document: string, variables: object, headers: Headers): Promise<Result>;
  /** What it says at /metrics. */
  metrics(): Promise<string>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Lets it end what is under way. */
  stop(): Promise<void>;
}

/** Starts the compiled command line's `serve`, on a free port. */
export async function startGateway(
  cli: CompiledCli,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<RunningGateway> {
  const running = cli.start(['serve', ...options], { ...testSettings, PORT: '0', HOST: '127.0.0.1', ...env });
  const url = /http:\S+\/graphql/.exec(await running.waitFor('curl '))?.[0] ?? '';
  const end = async (signal: NodeJS.Signals) => {
    running.kill(signal);
    await running.ended;
  };
  return {
    running,
    url,
    ask: async (query, variables, headers) => {
      const body = JSON.stringify({ query, variables });
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
      });
      return (await response.json()) as Result;
    },
    metrics: async () => (await fetch(new URL('/metrics', url))).text(),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
