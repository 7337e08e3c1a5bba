import { defineQueue, type Jobs } from './jobs.ts'
import type { EventKind, Events, Reaction, Services } from './module.ts'

/** Declares an event: `<module>.<past participle>`. */
export function defineEvent<Data extends { tenantId: string }>(name: string): EventKind<Data> {
  return { name }
}

/**
 * Declares a reaction; each has a queue of its own, so that a failing one holds up no other, and goes on trying for a day:
 * what it writes to may be away for a night.
 */
export function defineReaction<Data extends { tenantId: string }>(
  event: EventKind<Data>,
  name: string,
  options: { batchSize?: number },
  run: (services: Services, batch: Data[], signal: AbortSignal) => Promise<void>,
): Reaction {
  const reaction: Reaction<Data> = {
    event,
    queue: defineQueue<Data>(`${event.name}-${name}`, { retries: 100, ...options }),
    run,
  }
  return reaction
}

/** Ties events to their reactions. */
export function createEvents(jobs: Jobs, reactions: Reaction[]): Events {
  return {
    async publish(tx, event, data) {
      for (const reaction of reactions) {
        if (reaction.event.name === event.name) await jobs.enqueue(tx, reaction.queue, data)
      }
    },
  }
}
