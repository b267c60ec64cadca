import { Client } from 'pg';

type Callback = (...results: unknown[]) => void;

/**
 * Makes a client for a pool that gives up a server which doesn't answer a query in time, and the connection with it: nobody
 * knows what state that is in. A query may have a `query_timeout` of its own, for which the driver provides.
 *
 * The driver could provide for all of them. But it assigns a function to a property of each query, and V8 puts such a function,
 * with all that it refers to, among what is old: garbage that only a large collection finds, a fifth of what a request
 * leaves behind.
 */
export const createClientClass = (answerTimeoutMs: number): typeof Client =>
  class extends Client {
    override query(...parameters: unknown[]): never {
      if (hasTimeout(parameters[0])) {
        return this.#send(parameters) as never;
      }
      const last = parameters.findLastIndex((parameter) => parameter !== undefined);
      const callback = parameters[last];
      const timer = setTimeout(giveUp, answerTimeoutMs, this);
      if (typeof callback !== 'function') {
        const answer = this.#send(parameters) as Promise<unknown>;
        return answer.finally(() => clearTimeout(timer)) as never;
      }
      const done: Callback = (...results) => {
        clearTimeout(timer);
        callback(...results);
      };
      return this.#send(parameters.with(last, done)) as never;
    }

    #send(parameters: readonly unknown[]): unknown {
      return super.query(...(parameters as Parameters<Client['query']>));
    }
  };

const hasTimeout = (query: unknown) => typeof query === 'object' && query !== null && 'query_timeout' in query;

const giveUp = ({ connection }: Client) => connection.stream.destroy(new Error('Query read timeout'));
