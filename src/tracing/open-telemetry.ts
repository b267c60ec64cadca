import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { parseTraceparent } from '../http/trace-id.js';
import { traceDatabase } from './trace-database.js';
import type { CallSpan, Tracing, TracingSettings } from './tracing.js';

const exportTimeoutMs = 5_000;
const closeTimeoutMs = 3_000;
const unobserved = new Set(['/health/live', '/health/ready', '/metrics']);
const routes = new Set(['/graphql', '/console', '/errors']);
const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** A request that is under way. Work that it has begun may go on after it: that belongs to nobody. */
interface Active {
  readonly span: Span;
  hasEnded: boolean;
}

/** Opens the way to a collector. Nothing is sent before the first span has ended, and nothing waits for it. */
export function openTracing({ endpoint, serviceName }: TracingSettings): Tracing {
  const ids = createIds();
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'process.pid': process.pid }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportTimeoutMs })],
    idGenerator: ids.generator,
  });
  const tracer = provider.getTracer('divest');
  const requests = new AsyncLocalStorage<Active>();
  const findActive = (): Span | null => {
    const active = requests.getStore();
    return active && !active.hasEnded ? active.span : null;
  };
  const startBelow = (parent: Span, name: string, attributes: Attributes): Span =>
    tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, trace.setSpan(ROOT_CONTEXT, parent));

  return {
    traceRequests: (listener) => (request, response) => {
      const path = request.url?.split('?', 1)[0] ?? '';
      if (unobserved.has(path)) {
        return listener(request, response);
      }
      const method = methods.has(request.method ?? '') ? String(request.method) : '_OTHER';
      const attributes = { 'http.request.method': method, ...(routes.has(path) && { 'http.route': path }) };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, remoteParent(request.headers));
      const active: Active = { span, hasEnded: false };
      // Whoever looks for the trace id finds it here, and so the one of the span.
      request.headers['traceparent'] = toTraceparent(span.spanContext());
      response.once('close', () => {
        active.hasEnded = true;
        endRequest(span, response.statusCode);
      });
      // The events of a request are emitted by the socket, which knows nothing of it.
      const emit = request.emit.bind(request);
      request.emit = (...event: Parameters<typeof emit>) => requests.run(active, () => emit(...event));
      return requests.run(active, () => listener(request, response));
    },
    noteOperation(kind, rootFields) {
      const span = findActive();
      span?.updateName(rootFields[0] ? `${kind} ${rootFields[0]}` : kind);
      span?.setAttributes({ 'graphql.operation.type': kind, 'divest.root_fields': [...rootFields] });
    },
    noteOutcome: (mutation, outcome) => findActive()?.setAttribute(`divest.outcome.${mutation}`, outcome),
    traceDatabase: (database) =>
      traceDatabase(database, async (name, work) => {
        const parent = findActive();
        if (!parent) {
          return work();
        }
        const span = startBelow(parent, `database ${name}`, {
          'db.system.name': 'postgresql',
          'db.operation.name': name,
        });
        return work().then(
          (result) => {
            span.end();
            return result;
          },
          (error: unknown) => {
            span.setStatus({ code: SpanStatusCode.ERROR });
            span.end();
            throw error;
          },
        );
      }),
    startCall: ({ system, method, traceId }) => {
      const attributes = { 'divest.system': system, 'http.request.method': method };
      const parent = findActive();
      const span =
        parent?.spanContext().traceId === traceId
          ? startBelow(parent, `upstream ${system}`, attributes)
          : ids.within(traceId, () =>
              tracer.startSpan(`upstream ${system}`, { kind: SpanKind.CLIENT, attributes, root: true }, ROOT_CONTEXT),
            );
      return toCallSpan(span);
    },
    close: async () => {
      const timeout = new Promise((resolve) => setTimeout(resolve, closeTimeoutMs).unref());
      await Promise.race([provider.shutdown().catch(() => {}), timeout]);
    },
  };
}

// A span that begins a trace may have to have an id that is known already.
function createIds() {
  const random = new RandomIdGenerator();
  let given: string | null = null;
  return {
    generator: {
      generateTraceId: () => given ?? random.generateTraceId(),
      generateSpanId: () => random.generateSpanId(),
    },
    within<T>(traceId: string, work: () => T): T {
      given = traceId;
      try {
        return work();
      } finally {
        given = null;
      }
    },
  };
}

/** Where the caller's own trace goes on, if its header is well-formed. */
function remoteParent({ traceparent }: NodeJS.Dict<string | string[]>): Context {
  const traceId = typeof traceparent === 'string' ? parseTraceparent(traceparent) : null;
  if (traceId === null) {
    return ROOT_CONTEXT;
  }
  const [, , spanId = '', flags = '00'] = String(traceparent).split('-');
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId, isRemote: true },
    traceFlags: Number.parseInt(flags, 16),
  });
}

const toTraceparent = ({ traceId, spanId, traceFlags }: SpanContext) => `00-${traceId}-${spanId}-0${traceFlags & 1}`;

function endRequest(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

const toCallSpan = (span: Span): CallSpan => ({
  traceparent: toTraceparent(span.spanContext()),
  end({ attempts, result, failed }) {
    span.setAttributes({ 'divest.attempts': attempts, 'divest.result': result });
    if (failed) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  },
});
