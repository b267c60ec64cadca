import type { OffboardingAnswer, OffboardingStep } from '../offboarding.js';

/** What was begun; of a dry run, what would go. */
export function describeSteps({ applied, steps, user, sessions, offboarding }: OffboardingAnswer): string {
  const lines = steps.map(describeStep);
  const head = applied
    ? `Off-boarding ${user.login} (${offboarding.id}).`
    : `Off-boarding ${user.login} would take away:`;
  const all = lines.length > 0 ? lines : ['  nothing'];
  const ended = `Sessions that ${applied ? 'were' : 'would be'} ended: ${sessions.length}.`;
  return applied ? `${head}\n${ended}\n` : `${head}\n${all.join('\n')}\n${ended}\n`;
}

function describeStep({ kind, target, system, code }: OffboardingStep): string {
  const where = system ? ` at ${system}` : '';
  return `  ${kind.toLowerCase().replace('_', ' ')} ${target}${where}${code ? `: not possible (${code})` : ''}`;
}
