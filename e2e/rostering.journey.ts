import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { root, run } from './product.ts'
import { announced, checkPage, everySize, goTo, openBrowser, readApi, signIn } from './visitor.ts'

// Rosters given to others: a system that reads the directory by OneRoster, a service that feeds it, the export for the GAR.

const visit = openBrowser()

async function open(page: Page, path: string, title: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

/** Looks at a page while it waits for its data, then without them, then with them after asking again. */
async function expectStates(page: Page, path: string, { api, title, name }: Record<'api' | 'title' | 'name', string>) {
  const pattern = `**${api}*`
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await page.route(pattern, async (route) => {
    await held
    await route.fulfill({ status: 503, json: { code: 'database_away', status: 503 } })
  })
  await open(page, path, title)
  await page.locator('main[aria-busy=true], [aria-busy=true]').first().waitFor()
  release()
  await page.getByRole('button', { name: 'Réessayer' }).waitFor({ timeout: 30_000 })
  await checkPage(page, `${name}-failed`)
  await page.unroute(pattern)
  await page.getByRole('button', { name: 'Réessayer' }).click()
  await page.getByRole('button', { name: 'Réessayer' }).waitFor({ state: 'detached' })
}

describe.each(everySize)('%s', (size) => {
  test('a system is let in, reads what it may with its secret, and is shut out', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    const title = 'Logiciels qui lisent l’annuaire'
    await expectStates(page, '/administration/oneroster', { api: '/api/oneroster/clients', title, name: 'clients' })
    await page.getByText('Aucun logiciel ne lit l’annuaire.').waitFor()
    await checkPage(page, 'clients-none')

    // Nothing chosen: the page says what is missing and sends nothing.
    await page.getByRole('button', { name: 'Autoriser', exact: true }).click()
    await page.getByText('Donnez un nom.').waitFor()
    const system = `Cahier ${size}`
    await page.getByLabel('Logiciel', { exact: true }).fill(system)
    await page.getByRole('button', { name: 'Autoriser', exact: true }).click()
    await announced(page, `${system} est autorisé`).waitFor()
    await checkPage(page, 'clients-created')
    const [clientId = '', secret = '', service = '', tokenUrl = ''] = await page
      .locator('dl.facts dd')
      .allTextContents()
    expect(service).toBe(`${inject('url')}/ims/oneroster/rostering/v1p2`)

    const askToken = () =>
      fetch(tokenUrl, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
    const { access_token: token } = (await (await askToken()).json()) as { access_token: string }
    const readUsers = () => fetch(`${service}/users?limit=5`, { headers: { authorization: `Bearer ${token}` } })
    const answer = await readUsers()
    const { users } = (await answer.json()) as { users: { sourcedId: string; roles: { org: { href: string } }[] }[] }
    expect(users).toHaveLength(5)
    expect(Number(answer.headers.get('x-total-count'))).toBeGreaterThan(100)
    expect(users[0]?.roles[0]?.org.href.startsWith(`${service}/orgs/`)).toBe(true)

    // The secret was shown once; the access, and when it was used, are told from now on.
    await page.reload()
    await page.getByRole('row', { name: system }).waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
    expect(await page.getByRole('row', { name: system }).textContent()).not.toContain('jamais')
    await checkPage(page, 'clients')

    await page.getByRole('button', { name: `Retirer l’accès de ${system}` }).click()
    await page.getByRole('button', { name: 'Oui, retirer' }).click()
    await announced(page, `${system} n’a plus accès à rien.`).waitFor()
    await page.getByText('Aucun logiciel ne lit l’annuaire.').waitFor()
    expect((await readUsers()).status).toBe(401)
    expect((await askToken()).status).toBe(401)
  })

  test('a service of others is declared, asked, and told why it cannot be read', async () => {
    const page = await visit({ size })
    await signIn(page, 'operator')
    const title = 'Services OneRoster'
    await expectStates(page, '/imports/services', { api: '/api/oneroster/connections', title, name: 'connections' })
    await page.getByText('Aucun service n’est lu.').waitFor()
    await checkPage(page, 'connections-none')
    await page.getByRole('button', { name: 'Ajouter' }).click()
    await page.getByText('Donnez le secret.').waitFor()
    const name = `Vie scolaire ${size}`
    // Nobody listens there.
    const nowhere = 'http://localhost:9/ims/oneroster/rostering/v1p2'
    await page.getByLabel('Nom', { exact: true }).fill(name)
    await page.getByLabel('Adresse du service').fill(nowhere)
    await page.getByLabel('Adresse des jetons').fill('http://localhost:9/token')
    await page.getByLabel('Identifiant (client_id)').fill('preau')
    await page.getByLabel('Secret (client_secret)').fill('un secret donné par l’autre')
    await page.getByRole('button', { name: 'Ajouter' }).click()
    await announced(page, 'Le service est ajouté.').waitFor()
    await page.getByRole('button', { name: `Lire maintenant : ${name}` }).click()
    await announced(page, `La lecture de ${name} est demandée.`).waitFor()
    await page.getByText('Le service ne répond pas').first().waitFor({ timeout: 60_000 })
    await checkPage(page, 'connections')
    expect(await page.content()).not.toContain('un secret donné')
    await page.getByRole('button', { name: `Oublier ${name}` }).click()
    await page.getByRole('button', { name: 'Oui, oublier' }).click()
    await announced(page, `${name} est oublié`).waitFor()
  })
})

describe('the export for the GAR', () => {
  test('waits until the operator has said under which identifier', async () => {
    for (const size of everySize) {
      const page = await visit({ size })
      await signIn(page, 'operator')
      const title = 'Exports pour le GAR'
      await expectStates(page, '/administration/gar', { api: '/api/gar/exports', title, name: 'gar' })
      await page.getByText('Rien n’est exporté pour l’instant').waitFor()
      await checkPage(page, 'gar-none')
    }
  })

  describe.each(everySize)('%s', (size) => {
    beforeAll(async () => {
      const { child, output } = run(
        [join(root, 'server/src/cli.ts'), 'gar', 'configure', '--id-ent', 'PREAU', '--no-nightly'],
        { data: inject('data') },
      )
      const [code] = (await once(child, 'exit')) as [number | null]
      expect(code, output()).toBe(0)
    })

    test('is asked for, followed, taken and opened', async () => {
      const page = await visit({ size, acceptDownloads: true })
      await signIn(page, 'operator')
      await goTo(page, 'Gérer')
      await page.getByRole('link', { name: 'Exports pour le GAR' }).click()
      const before = await countReady(page)
      await page.getByRole('button', { name: 'Exporter le second degré' }).click()
      await announced(page, 'L’export est demandé.').waitFor()
      // It appears by itself, and tells by itself that it is ready.
      await expect.poll(() => page.getByRole('row', { name: /Prêt/ }).count(), { timeout: 60_000 }).toBe(before + 1)
      await checkPage(page, 'gar')
      const row = page.getByRole('row', { name: /Prêt/ }).first()
      expect(await row.textContent()).toMatch(/\d élèves/)
      expect(await row.textContent()).toContain('établissements dont le degré est inconnu')

      const [archive] = await Promise.all([
        page.waitForEvent('download'),
        row.getByRole('link', { name: /^Télécharger/ }).click(),
      ])
      expect(archive.suggestedFilename()).toMatch(/^PREAU_GAR-ENT_Complet_\d{8}_\d{6}_2D\.tar\.gz$/)
      const bytes = await readFile(await archive.path())
      const [sum] = await Promise.all([
        page.waitForEvent('download'),
        row.getByRole('link', { name: /Somme de contrôle/ }).click(),
      ])
      expect(await readFile(await sum.path(), 'utf8')).toBe(createHash('md5').update(bytes).digest('hex'))
      const tar = (...args: string[]) => execFileSync('tar', args, { input: bytes, maxBuffer: 2 ** 28 }).toString()
      const names = tar('tz').trim().split('\n')
      const types = ['Eleve', 'Enseignant', 'Etab', 'Groupe', 'RespAff']
      expect([...new Set(names.map((name) => name.split('_')[6]))].sort()).toEqual(types)
      const pupils = tar('xzO', ...names.filter((name) => name.includes('_Eleve_')))
      expect(pupils.match(/<men:GAREleve>/g)?.length).toBe(await countPupils(page))
    })

    test('tells how far it is, and why it failed', async () => {
      const page = await visit({ size })
      await signIn(page, 'operator')
      const { exports, ...rest } = await readApi<History>(page, '/api/gar/exports')
      const [made] = exports
      const none = { archive: null, bytes: null, md5: null, endedAt: null, leftOut: {} }
      await page.route('**/api/gar/exports*', (route) =>
        route.fulfill({
          json: {
            ...rest,
            exports: [
              { ...made, ...none, id: crypto.randomUUID(), state: 'running', counts: { GAREleve: 41_200, files: 61 } },
              { ...made, ...none, id: crypto.randomUUID(), state: 'failed', failure: 'interrupted', counts: {} },
              { ...made, id: crypto.randomUUID(), state: 'expired' },
            ],
          },
        }),
      )
      await open(page, '/administration/gar', 'Exports pour le GAR')
      await page.getByRole('row', { name: /En cours.*41.200 élèves/ }).waitFor()
      await page.getByRole('row', { name: /Échoué : le serveur s’est arrêté/ }).waitFor()
      await checkPage(page, 'gar-running')
    })
  })
})

interface History {
  exports: { state: string; degree: string; counts: Record<string, number> }[]
}

const countReady = async (page: Page) =>
  (await readApi<History>(page, '/api/gar/exports')).exports.filter(({ state }) => state === 'ready').length

const countPupils = async (page: Page) =>
  (await readApi<History>(page, '/api/gar/exports')).exports.find(({ state }) => state === 'ready')?.counts['GAREleve']
