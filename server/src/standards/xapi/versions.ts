import type { FastifyRequest } from 'fastify'
import type { XapiVersion } from '#modules/records'
import { Problem } from '#kernel/problem'

/** Versions served, as the About resource tells them: every 1.0.x means the same as the last. */
export const servedVersions = ['2.0.0', '1.0.3', '1.0.2', '1.0.1', '1.0.0']

export const versionHeader = 'x-experience-api-version'

/**
 * The version that the header of a request asks for: `1.0` and every 1.0.x are 1.0.3, `2.0` and every 2.0.x are 2.0.0.
 * @throws Problem 400 when it is absent (1.0.3 Communication 3.3) or of no version served.
 */
export function versionOf(request: Pick<FastifyRequest, 'headers'>): XapiVersion {
  const header = request.headers[versionHeader]
  if (header === undefined) {
    throw new Problem(400, 'version_missing', 'The header X-Experience-API-Version is missing.')
  }
  const version = readVersion(header)
  if (version) return version
  throw new Problem(400, 'version_unsupported', `This version is not served; these are: ${servedVersions.join(', ')}.`)
}

/** The version that a header asks for, if it is one served. */
export function readVersion(header: string | string[] | undefined): XapiVersion | undefined {
  if (typeof header !== 'string') return undefined
  const [, major] = /^(1|2)\.0(?:\.\d+)?$/.exec(header) ?? []
  if (major === undefined) return undefined
  return major === '1' ? '1.0.3' : '2.0.0'
}

/**
 * Versions that answers carry. Every answer has one (1.0.3 Communication 3.3), even to a request that forgot to say which
 * it speaks: then it is the one its credential spoke last, or the latest.
 */
export function createVersionMemory(): { noteOf: (request: FastifyRequest) => XapiVersion } {
  const spoken = new Map<string, XapiVersion>()
  return {
    noteOf(request) {
      const version = readVersion(request.headers[versionHeader])
      const credential = request.client?.id
      if (credential === undefined) return version ?? '2.0.0'
      if (version === undefined) return spoken.get(credential) ?? '2.0.0'
      if (spoken.get(credential) !== version) spoken.set(credential, version)
      return version
    },
  }
}
