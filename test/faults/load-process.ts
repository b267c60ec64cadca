import { Agent, request as httpRequest } from 'node:http';

// A load in a process of its own: started with a job as JSON, it sends a message with what came of it.

/** Requests of one caller. */
export interface Job {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly seconds: number;
  /** So many at a time, each after the answer to the one before; or so many a second, whatever becomes of the others. */
  readonly load:
    | { readonly connections: number }
    /** Over as many connections as it takes, where no number is given. */
    | { readonly perSecond: number; readonly mostConnections?: number };
}

/** What they were answered. Times are milliseconds, from the request to the end of its answer. */
export interface JobResult {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Refusals that don't say when to come back, or have another form than errors have. */
  readonly malformedRefusals: number;
  readonly p50: number;
  readonly p99: number;
}

interface Answer {
  readonly status: number | string;
  readonly ms: number;
  readonly isMalformed: boolean;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const { load } = job;
const most = 'mostConnections' in load ? load.mostConnections : undefined;
const agent = new Agent({ keepAlive: true, maxSockets: most ?? Number.POSITIVE_INFINITY });

function send({ url, headers, body }: Job): Promise<Answer> {
  const start = performance.now();
  return new Promise((resolve) => {
    const end = (status: number | string, isMalformed = false) =>
      resolve({ status, isMalformed, ms: performance.now() - start });
    const outgoing = httpRequest(url, { method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', () => end('broken'));
      response.on('end', () => {
        const isWell = text.includes('"code":"OVERLOADED"') && /^[123]$/.test(response.headers['retry-after'] ?? '');
        end(response.statusCode ?? 0, response.statusCode === 503 && !isWell);
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'broken'));
    outgoing.end(body);
  });
}

async function sendInTurn(job: Job, connections: number): Promise<Answer[]> {
  const end = performance.now() + job.seconds * 1000;
  const answers: Answer[] = [];
  const work = async () => {
    while (performance.now() < end) {
      answers.push(await send(job));
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return answers;
}

async function sendAtRate(job: Job, perSecond: number): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(job.seconds, (performance.now() - start) / 1000);
      while (answers.length < elapsed * perSecond) {
        answers.push(send(job));
      }
      if (elapsed === job.seconds) {
        clearInterval(timer);
        resolve();
      }
    }, 5);
  });
  return Promise.all(answers);
}

const percentile = (times: readonly number[], part: number) =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? 0;

function summarize(answers: readonly Answer[]): JobResult {
  const byStatus: Record<string, number> = {};
  for (const { status } of answers) {
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  const times = answers.filter(({ status }) => status === 200).map(({ ms }) => ms);
  return {
    ...{ sent: answers.length, byStatus, malformedRefusals: answers.filter(({ isMalformed }) => isMalformed).length },
    ...{ p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
  };
}

const answers = 'connections' in load ? await sendInTurn(job, load.connections) : await sendAtRate(job, load.perSecond);
process.send?.(summarize(answers));
process.disconnect?.();
agent.destroy();
