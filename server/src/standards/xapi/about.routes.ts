import type { App } from '#kernel/http'
import { paths } from './paths.ts'
import { refuseParameters } from './query-parameters.ts'
import { servedVersions } from './versions.ts'

/** The About resource (1.0.3 Communication 2.8): open, and answered whatever version is asked. */
export function registerAbout(scope: App): void {
  scope.get(
    paths.about,
    {
      config: { access: 'public', anyVersion: true },
      schema: { operationId: 'getXapiAbout', summary: 'xAPI, About resource: the versions served' },
    },
    (request) => {
      refuseParameters(request)
      return { version: servedVersions }
    },
  )
}
