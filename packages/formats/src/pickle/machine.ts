import { BrokenStructure } from '../inspection/report.ts';
import { OTHER, type Value } from './values.ts';

/** What a walk tells as it comes to it; the pickle itself goes on, so that the end of a broken one hides nothing of its beginning. */
export interface PickleEvents {
  /** A name is looked up, which imports its module. */
  onGlobal(module: string, name: string): void;
  /** A name or a function that is put together on the way. */
  onComputed(what: string): void;
  /** Attributes or items of something imported are set. */
  onChange(global: string): void;
  onExtension(code: number): void;
  /** A reference to something outside of the pickle; gives what is known of it. */
  onPersistent(id: Value): Value;
  onCall(global: string, args: readonly Value[]): void;
  /** A text or bytes; `at` is where they are, `bytes` what they are when they are short. Pickles may hide in them. */
  onBytes(at: number, length: number, bytes: Buffer | undefined): void;
}

const MAX_TUPLE = 64;

/** The stack machine that a pickle is written for, building nothing: it follows where names and numbers go, and calls nobody. */
export class Machine {
  readonly events: PickleEvents;
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();
  calls = 0;

  constructor(events: PickleEvents) {
    this.events = events;
  }

  /** Objects that it holds. */
  get size(): number {
    return this.#stack.length + this.#memo.size + this.#marks.length;
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  /** Never below the last mark, as in Python. */
  pop(): Value {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw new BrokenStructure('nothing is on the stack');
    return this.#stack.pop() ?? OTHER;
  }

  top(): Value {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Everything since the last mark, which goes too. */
  popMark(): Value[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new BrokenStructure('no mark is on the stack');
    return this.#stack.splice(mark);
  }

  /** Python takes a mark away where one is on top. */
  drop(): void {
    if (this.#stack.length === this.#marks.at(-1)) this.#marks.pop();
    else this.pop();
  }

  remember(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw new BrokenStructure(`nothing is remembered as ${index}`);
    this.push(value);
  }

  pushTuple(items: readonly Value[]): void {
    this.push(items.length > MAX_TUPLE ? OTHER : { kind: 'tuple', items });
  }

  lookUp(module: string, name: string): Value {
    this.events.onGlobal(module, name);
    return { kind: 'global', name: `${module}.${name}` };
  }

  /** The name may be anything that the stack holds. */
  lookUpFromStack(): void {
    const name = this.pop();
    const module = this.pop();
    const isPlain = module.kind === 'text' && name.kind === 'text';
    if (!isPlain) this.events.onComputed('a name');
    this.push(isPlain ? this.lookUp(module.text, name.text) : OTHER);
  }

  call(callable: Value, args: readonly Value[]): void {
    this.calls++;
    if (callable.kind === 'global') this.events.onCall(callable.name, args);
    else this.events.onComputed('what something else gave');
    this.push(OTHER);
  }

  /** What is on top is called with arguments that are a tuple; it lies below them. */
  callWithTuple(args: Value): void {
    this.call(this.pop(), args.kind === 'tuple' ? args.items : []);
  }

  /** What is on top is changed, and stays. */
  change(): void {
    const target = this.top();
    if (target.kind === 'global') this.events.onChange(target.name);
  }
}
