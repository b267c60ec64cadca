import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Failure } from './client.js';
import { type CredentialForm, type CredentialHeaders, credentialForms, toHeaders } from './credential.js';
import { Brand } from './masthead.js';

interface SignInProps {
  /** Why the person is here again. */
  readonly notice: string;
  /** Rejects with Failure where the credential is not accepted. */
  readonly onSubmit: (headers: CredentialHeaders) => Promise<void>;
}

/** The form that a credential is typed into. What was typed is in the form's fields and nowhere else. */
export function SignIn({ notice, onSubmit }: SignInProps) {
  const [form, setForm] = useState(credentialForms[0]);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = 'Sign in · Divest console';
    // Whoever comes here by itself starts at the top of the page, as on any other.
    if (notice) {
      heading.current?.focus();
    }
  }, [notice]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    // The button loses the focus while it is disabled; what has to be mended is the credential.
    const refuse = (why: string) => {
      setProblem(why);
      setBusy(false);
      element.querySelector<HTMLInputElement>('.fields input')?.focus();
    };
    const headers = readHeaders(form, element);
    if (!headers) {
      refuse('Fill in the whole credential, without spaces in it.');
      return;
    }
    setBusy(true);
    setProblem('');
    await onSubmit(headers).catch((error) => refuse(toProblem(error)));
  };
  return (
    <main class="sign-in">
      <Brand />
      <h1 ref={heading} tabIndex={-1}>
        Take access away, and see what is left
      </h1>
      {notice && (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      <form onSubmit={submit} aria-busy={isBusy} autocomplete="off" noValidate>
        <Kinds chosen={form} onChoose={setForm} />
        <Fields key={form.kind} form={form} invalid={problem !== ''} />
        <p id="sign-in-problem" class="problem-text" role="alert">
          {problem}
        </p>
        <button type="submit" class="button button-primary" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
        <p class="hint">Kept in this tab’s memory only. It is gone when you sign out, reload or close the tab.</p>
      </form>
    </main>
  );
}

function readHeaders(form: CredentialForm, element: HTMLFormElement): CredentialHeaders | null {
  const entries = [...new FormData(element)].map(([name, value]) => [name, String(value)]);
  return toHeaders(form, Object.fromEntries(entries));
}

function toProblem(error: unknown): string {
  const failure = error instanceof Failure ? error : null;
  return failure?.code === 'UNAUTHENTICATED'
    ? 'This credential is not accepted. It may be mistyped, expired or revoked.'
    : (failure?.message ?? 'Something broke in this page. Reload it.');
}

interface KindsProps {
  readonly chosen: CredentialForm;
  readonly onChoose: (form: CredentialForm) => void;
}

function Kinds({ chosen, onChoose }: KindsProps) {
  return (
    <fieldset class="kinds">
      <legend>Sign in with</legend>
      {credentialForms.map((form) => (
        <label key={form.kind}>
          <input type="radio" name="kind" value={form.kind} checked={form === chosen} onChange={() => onChoose(form)} />
          {form.label}
        </label>
      ))}
    </fieldset>
  );
}

function Fields({ form, invalid }: { form: CredentialForm; invalid: boolean }) {
  const id = useId();
  return (
    <div class="fields">
      <p id={`${id}-hint`} class="hint">
        {form.hint}
      </p>
      {form.fields.map(({ header, label, secret }) => (
        <div class="field" key={header}>
          <label for={`${id}-${header}`}>{label}</label>
          <input
            id={`${id}-${header}`}
            name={header}
            {...(secret ? { type: 'password' } : { type: 'text' })}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            aria-invalid={invalid}
            aria-describedby={`${id}-hint sign-in-problem`}
          />
        </div>
      ))}
    </div>
  );
}
