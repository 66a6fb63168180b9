/**
 * Packets on their way to whoever listens.
 */
import { throwLater } from '../errors.js';

/** What this file needs of the emitter. */
export interface Voice<Packet> {
  emit(event: 'message', sender: string, packet: Packet): boolean;
}

/** Whether anybody listens: only `false` says no, since an application may have an `emit` of its own. */
export function announce<Packet>(voice: Voice<Packet>, sender: string, packet: Packet): boolean {
  try {
    return voice.emit('message', sender, packet) !== false;
  } catch (error) {
    throwLater(error);
    return true;
  }
}
