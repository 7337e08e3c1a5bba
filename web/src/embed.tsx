import '@fontsource-variable/atkinson-hyperlegible-next/wght.css'
import './ui/tokens.css'
import './ui/base.css'
import './ui/pieces.css'
import './embed.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, Outlet, type RouteObject, RouterProvider, ScrollRestoration } from 'react-router'
import { holdToken } from './api/client.ts'
import { appearanceQuery, createQueryClient } from './api/queries.ts'
import { EmbeddedContext } from './features/insight/looking.ts'
import { DeepLinkPicker } from './features/lti/deep-link-picker.tsx'
import { LaunchFailure } from './features/lti/launch-failure.tsx'
import { type Launch, reportHeight, takeLaunch } from './features/lti/take-launch.ts'
import { languages, startTranslation } from './i18n.ts'
import { paths } from './paths.ts'
import { RouteFailure } from './shell/route-failure.tsx'
import { applyAccent } from './ui/theme.ts'

// Dashboards in a frame of a learning platform or a portal: no session and no cookie. Who looks is said by a token, which
// this page holds in its memory only; a page that is loaded again has none, and says so.

/** The pages that a frame shows, at the same addresses as in the workspace, after that of the launch. */
const routes: RouteObject[] = [
  {
    element: (
      <main className="embedded" id="content" tabIndex={-1}>
        <Outlet />
        <ScrollRestoration />
      </main>
    ),
    errorElement: <RouteFailure />,
    HydrateFallback: () => null,
    children: [
      ...['/', paths.dashboards()].map((path) => ({
        path,
        lazy: async () => ({ Component: (await import('./features/insight/dashboard-page.tsx')).DashboardPage }),
      })),
      {
        path: paths.ownTraces(),
        lazy: async () => ({ Component: (await import('./features/insight/own-page.tsx')).OwnPage }),
      },
    ],
  },
]

const client = createQueryClient()
void client.fetchQuery(appearanceQuery).then(
  ({ accent }) => applyAccent(accent),
  // Without an answer the pages keep the default accent.
  () => undefined,
)

const base = /^\/embed\/[^/]*/.exec(window.location.pathname)?.[0] ?? '/embed'
const launch = await takeLaunch().catch((error: unknown) => ({ error }))
const spoken = 'error' in launch ? undefined : launch.locale?.slice(0, 2).toLowerCase()
await startTranslation(languages.find((language) => language === spoken))
const root = document.querySelector('#root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <EmbeddedContext value={true}>
        <QueryClientProvider client={client}>{show(launch)}</QueryClientProvider>
      </EmbeddedContext>
    </StrictMode>,
  )
}

function show(taken: Launch | { error: unknown }): ReactNode {
  if ('error' in taken) {
    return (
      <main className="embedded">
        <LaunchFailure error={taken.error} />
      </main>
    )
  }
  holdToken(taken.token)
  reportHeight(taken.origin)
  if (taken.deepLink)
    return <RouterProvider router={createBrowserRouter(choosing(taken.deepLink), { basename: base })} />
  const { indicator } = taken
  if (indicator) {
    const set = Object.entries(indicator.parameters).map(([name, value]) => [`p.${indicator.name}.${name}`, value])
    window.history.replaceState(
      null,
      '',
      `${base}?${new URLSearchParams(Object.fromEntries(set) as Record<string, string>)}`,
    )
  }
  return <RouterProvider router={createBrowserRouter(routes, { basename: base })} />
}

/** The only page of a platform that asks what to embed. */
function choosing(deepLink: NonNullable<Launch['deepLink']>): RouteObject[] {
  return [
    {
      path: '*',
      errorElement: <RouteFailure />,
      element: (
        <main className="embedded">
          <DeepLinkPicker deepLink={deepLink} />
        </main>
      ),
    },
  ]
}
