/**
 * An EventEmitter that knows its events: names, arguments, and `this` in listeners. Nothing is added at run time.
 */
import { EventEmitter } from 'node:events';

/** Names of the events. */
export type Name<Events> = keyof Events & string;
type Arguments<Events, E extends keyof Events> = Events[E] extends unknown[] ? Events[E] : never;
/** A listener of the event `E`; `this` is the emitter. */
export type Listener<Self, Events, E extends keyof Events> = (this: Self, ...args: Arguments<Events, E>) => void;

export class TypedEmitter<Events> extends EventEmitter {
  // No method, of which a class of the application that extends this one could have another.
  readonly #listenerAdded: (event: Name<Events>) => void;

  /** @param listenerAdded - called after a listener was added */
  constructor(listenerAdded: (event: Name<Events>) => void) {
    super();
    this.#listenerAdded = listenerAdded;
  }

  override on<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.on(event, listener as (...args: unknown[]) => void);
    this.#listenerAdded(event);
    return this;
  }

  override once<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    return super.once(event, listener as (...args: unknown[]) => void);
  }

  override off<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    return super.off(event, listener as (...args: unknown[]) => void);
  }

  override addListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.addListener(event, listener as (...args: unknown[]) => void);
    this.#listenerAdded(event);
    return this;
  }

  override removeListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    return super.removeListener(event, listener as (...args: unknown[]) => void);
  }

  override prependListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.prependListener(event, listener as (...args: unknown[]) => void);
    this.#listenerAdded(event);
    return this;
  }

  override prependOnceListener<E extends Name<Events>>(event: E, listener: Listener<this, Events, E>): this {
    super.prependOnceListener(event, listener as (...args: unknown[]) => void);
    this.#listenerAdded(event);
    return this;
  }

  override emit<E extends Name<Events>>(event: E, ...args: Arguments<Events, E>): boolean {
    return super.emit(event, ...args);
  }
}
