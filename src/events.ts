/// <reference types="node" preserve="true" />
/**
 * An EventEmitter that knows its events: names, arguments, and `this` in listeners. Nothing is added at run time.
 */
import { EventEmitter } from 'node:events';

/** Names of the events. */
export type Name<Events> = keyof Events & string;
/** A listener of the event `E`; `this` is the emitter. */
export type Listener<Self, Events extends Record<keyof Events, unknown[]>, E extends keyof Events> = (
  this: Self,
  ...args: Events[E]
) => void;

/** An emitter as whoever speaks through it sees it. */
export interface Voice<Events extends Record<keyof Events, unknown[]>> {
  emit<E extends keyof Events>(event: E, ...args: Events[E]): boolean;
  listenerCount(event: keyof Events): number;
}

export class TypedEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter {
  // No method, of which a class of the application that extends this one could have another.
  readonly #listenerAdded: (event: Name<Events>) => void;
  readonly #frequent: Name<Events>;
  /** Then what listeners return is looked at. */
  readonly #captures: boolean = EventEmitter.captureRejections;
  /** The listener of the frequent event, where it has just one: finding it anew takes longer than most listeners. */
  #only: ((...args: unknown[]) => unknown) | null = null;

  /**
   * @param frequent - the event that is emitted most
   * @param listenerAdded - called after a listener was added
   */
  constructor(frequent: Name<Events>, listenerAdded: (event: Name<Events>) => void) {
    super();
    this.#frequent = frequent;
    this.#listenerAdded = listenerAdded;
  }

  #added(event: Name<Events>): void {
    this.#changed(event);
    this.#listenerAdded(event);
  }

  /** Listeners of the event will go: whoever hears of it may emit, or throw. */
  #leaves(event: string | symbol | undefined): void {
    if (event === undefined || event === this.#frequent) this.#only = null;
  }

  /** Listeners of the event came or went. */
  #changed(event: string | symbol | undefined): void {
    if (event !== undefined && event !== this.#frequent) return;
    const alone = !this.#captures && super.listenerCount(this.#frequent) === 1;
    // With what `once` wraps it in, which removes it.
    this.#only = alone ? (super.rawListeners(this.#frequent)[0] as (...args: unknown[]) => unknown) : null;
  }

  override on<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.on(event, listener as (...args: unknown[]) => void);
    this.#added(event);
    return this;
  }

  override once<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    return super.once(event, listener as (...args: unknown[]) => void);
  }

  override off<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    this.#leaves(event);
    super.off(event, listener as (...args: unknown[]) => void);
    this.#changed(event);
    return this;
  }

  override addListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.addListener(event, listener as (...args: unknown[]) => void);
    this.#added(event);
    return this;
  }

  override removeListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    this.#leaves(event);
    super.removeListener(event, listener as (...args: unknown[]) => void);
    this.#changed(event);
    return this;
  }

  override removeAllListeners(...event: [event?: string | symbol]): this {
    this.#leaves(event[0]);
    super.removeAllListeners(...event);
    this.#changed(event[0]);
    return this;
  }

  override prependListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.prependListener(event, listener as (...args: unknown[]) => void);
    this.#added(event);
    return this;
  }

  override prependOnceListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.prependOnceListener(event, listener as (...args: unknown[]) => void);
    this.#added(event);
    return this;
  }

  override emit<E extends Name<Events>>(event: E, ...args: Events[E]): boolean {
    if (this.#only === null || event !== this.#frequent) return super.emit(event, ...args);
    this.#only(...args);
    return true;
  }
}
