import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Config } from '#kernel/config'

/** The address the web server is about to listen at. */
export interface HeldAddress {
  host: string
  port: number
  /** Lets it go, for the web server to take it. */
  release: () => Promise<unknown>
}

/**
 * Takes the address at once, before hours of work may end at one that is in use, and against another program started
 * meanwhile. Until it is let go, whoever connects is sent away.
 * @throws Error in plain words when it cannot be had.
 */
export async function holdAddress({ port, host }: Pick<Config, 'port' | 'host'>): Promise<HeldAddress> {
  const holder = createServer((socket) => socket.destroy())
  try {
    // Without a host, every address of the machine, also of one that has no IPv6.
    await once(holder.listen({ port, ...(host !== undefined && { host }) }), 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason =
      code === 'EADDRINUSE'
        ? `port ${port} is taken: another program uses this port, perhaps this one started before. Stop it, or choose another one: PORT=${port + 1} npm start`
        : `nothing can be served at the address of HOST and PORT: ${message}`
    throw new Error(reason, { cause: error })
  }
  const taken = holder.address() as AddressInfo
  let released: Promise<unknown> | undefined
  return {
    host: host ?? taken.address,
    port: taken.port,
    release: () => (released ??= holder[Symbol.asyncDispose]()),
  }
}
