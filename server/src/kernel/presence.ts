import { setTimeout as wait } from 'node:timers/promises'

/**
 * The one connection each program keeps open to an embedded store for as long as it uses it. It tells the store and the
 * other programs that it is in use, even between two queries; a killed program loses it at once; and its loss tells at
 * once that the store died.
 */
export interface Presence {
  /** Process id of the store. */
  readonly pid: number
  alive(): boolean
  /** Called once, when the connection breaks. */
  onLost(listener: () => void): void
  /** Ends the connection. @returns whether the store stopped: another program may still be present. */
  leave(): Promise<boolean>
}

/** An embedded store, as seen by one of the programs that use it. */
export interface SupervisedStore {
  /** Process id of the store; another one after a restart. */
  readonly pid: number
  /** Whether the store answers: known at once, without asking it. */
  isRunning(): boolean
  /**
   * Starts the store again if it is gone; cheap when it is not. It is also called by itself as soon as the store is
   * lost, so a program that tries its query again is enough to survive that.
   */
  ensureRunning(): Promise<void>
  /**
   * Leaves the store, and stops it unless another program still uses it: the last one to leave stops it.
   * @returns whether it was stopped.
   */
  stop(): Promise<boolean>
}

/** Longest pause between two attempts at restarting, in ms: a full disk must not make a busy loop. */
const longestPause = 30_000

/**
 * Keeps a store running until `stop`. `launch` joins the running store or starts one; it is never called twice at once.
 * @param name how the store is called in what is logged.
 */
export async function superviseStore(
  name: string,
  launch: () => Promise<Presence>,
  log: (message: string) => void,
): Promise<SupervisedStore> {
  let presence = await launch()
  let starting: Promise<void> | undefined
  let stopping = false

  const relaunch = async (): Promise<void> => {
    presence = await launch()
    presence.onLost(() => void restart())
  }
  const ensureRunning = async (): Promise<void> => {
    if (stopping) throw new Error(`The embedded ${name} is stopping.`)
    if (presence.alive()) return
    starting ??= relaunch().finally(() => {
      starting = undefined
    })
    await starting
  }
  const restart = async (): Promise<void> => {
    if (stopping) return
    log(`The embedded ${name} stopped by itself; starting it again.`)
    for (let pause = 250; !stopping; pause = Math.min(pause * 2, longestPause)) {
      try {
        return await ensureRunning()
      } catch (error) {
        log(`The embedded ${name} does not start: ${error instanceof Error ? error.message : String(error)}`)
        await wait(pause, undefined, { ref: false })
      }
    }
  }

  presence.onLost(() => void restart())
  return {
    get pid() {
      return presence.pid
    },
    isRunning: () => presence.alive(),
    ensureRunning,
    async stop() {
      if (stopping) return false
      stopping = true
      await starting?.catch(() => {})
      return presence.alive() ? presence.leave() : false
    },
  }
}
