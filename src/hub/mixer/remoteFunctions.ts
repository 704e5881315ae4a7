// RemoteFunctions: operators' key functions as a Session in a mixing thread has them. The function itself runs in the main
// thread, which its author may hold up; what it does with the call is carried out here, by the rules of KeyFunctions.
import type { KeyFunction, KeySession } from '../../session/actions';
import { errorFields, HoldcastError } from '../../util/errors';
import type { Answer, Deed, FromMixer } from './messages';
import type { Questions } from './questions';

type FunctionAnswer = Extract<Answer, { readonly about: 'function' }>;

/** A key function that stands for the one of that name on `digit`: logs and journals have its name. */
export function remoteFunction(
  { questions, post }: { questions: Questions; post: (message: FromMixer) => void },
  { token, digit, name }: { token: string; digit: string; name: string },
): KeyFunction {
  const action: KeyFunction = (session) =>
    new Promise((resolve, reject) => {
      const { call, queue, signal } = session;
      const id = questions.begin(
        token,
        { about: 'function', digit, call, queue },
        {
          answer: (answer) => {
            signal.removeEventListener('abort', giveUp);
            const error = failureOf(answer);
            if (error) reject(error);
            else resolve();
          },
          deed: (deed) => carryOut(deed, session, (done) => post({ type: 'done', id: id!, ...done })),
        },
      );
      const giveUp = (): void => questions.giveUp(id!);
      if (id === undefined) reject(failed('too much of this call waits for the main thread'));
      else signal.addEventListener('abort', giveUp);
    });
  return Object.defineProperty(action, 'name', { value: name });
}

type Done = Omit<Extract<FromMixer, { type: 'done' }>, 'type' | 'id'>;

/** Whatever the main thread asks for: the KeySession itself is deaf where the function's time is over. */
function carryOut(deed: Deed, session: KeySession, done: (done: Done) => void): void {
  switch (deed.do) {
    case 'say':
      return follow(deed.deed, () => session.say(...deed.prompts), done);
    case 'play':
      return follow(deed.deed, () => session.play(deed.file), done);
    case 'nextTrack':
      return session.nextTrack();
    case 'log':
      return session.log[deed.level](deed.fields, deed.message);
  }
}

function follow(deed: number, say: () => Promise<void>, done: (done: Done) => void): void {
  const words = async (): Promise<void> => await say();
  words().then(
    () => done({ deed }),
    (error: unknown) => {
      const { error: refused, hint } = errorFields(error);
      done({ deed, refused, ...(hint !== undefined && { hint }) });
    },
  );
}

/** What the function threw, so that KeyFunctions can tell of it; undefined: nothing. */
function failureOf(answer: Answer): Error | undefined {
  const { failure } = answer.about === 'function' ? answer : UNANSWERED;
  return failure && failed(failure.message, failure.hint);
}

const UNANSWERED: FunctionAnswer = { about: 'function', failure: { message: 'has no answer' } };

const failed = (message: string, hint?: string): HoldcastError =>
  new HoldcastError('HC_ACTION_FAILED', message, hint);
