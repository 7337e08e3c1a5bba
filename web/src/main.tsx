import '@fontsource-variable/atkinson-hyperlegible-next/wght.css'
import './ui/tokens.css'
import './ui/base.css'
import './ui/pieces.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, RouterProvider } from 'react-router'
import { appearanceQuery, createQueryClient, sessionQuery } from './api/queries.ts'
import { startTranslation } from './i18n.ts'
import { routes } from './routes.tsx'
import { applyAccent } from './ui/theme.ts'

// What “Back” brings up again as it was left may show somebody who has signed out since, on a computer of many.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  document.body.hidden = true
  location.reload()
})

const client = createQueryClient()
// Asked for while the texts load: the first page then has them.
void client.prefetchQuery(sessionQuery)
void client.fetchQuery(appearanceQuery).then(
  ({ accent }) => applyAccent(accent),
  // Without an answer the pages keep the default accent and say so themselves.
  () => undefined,
)

await startTranslation()
const root = document.querySelector('#root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={createBrowserRouter(routes)} />
      </QueryClientProvider>
    </StrictMode>,
  )
}
