import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { enter, home, pilot, region } from './consortium.ts'
import { checkPage, everySize, openBrowser } from './visitor.ts'

// What the pilot gives its members, and what a public digital service begins with.

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('a member asks the pilot for a document, and has it once it is given', async () => {
    const title = `Rapport d’exécution du marché (${size})`
    const member = await enter(visit, size, region)
    await member.goto(`${home}/decisions`)
    await member.getByRole('link', { name: 'Documents du pilote' }).click()
    await member.getByText('Demander un document', { exact: true }).click()
    await member.getByLabel('Nature du document').selectOption('technique')
    await member.getByLabel('Document demandé').fill(title)
    await checkPage(member, 'governance-document-asked')
    await member.getByRole('button', { name: 'Envoyer la demande' }).click()
    const asked = member.getByRole('listitem').filter({ has: member.getByRole('heading', { name: title }) })
    await asked.getByText('En attente de réponse').waitFor()
    await asked.getByRole('button', { name: /^Retirer la demande/ }).waitFor()

    const manager = await enter(visit, size, pilot)
    await manager.goto(`${home}/decisions/documents`)
    const request = manager.getByRole('listitem').filter({ has: manager.getByRole('heading', { name: title }) })
    await request.getByText(/^Répondre à la demande/).click()
    await request.getByRole('button', { name: 'Répondre que le pilote ne le détient pas' }).waitFor()
    await request
      .locator('input[type=file]')
      .setInputFiles({ name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<script>') })
    await request.getByText('Ce type de fichier n’est pas accepté').waitFor()
    await request
      .locator('input[type=file]')
      .setInputFiles({ name: 'rapport.csv', mimeType: 'text/csv', buffer: Buffer.from('mois;incidents\n') })
    await request.getByLabel('Mot d’accompagnement').fill('Pour le premier semestre.')
    await request.getByRole('button', { name: 'Donner les fichiers' }).waitFor()
    await checkPage(manager, 'governance-document-answer')
    await request.getByRole('button', { name: 'Donner les fichiers' }).click()
    await request.getByText('Donné', { exact: true }).waitFor()

    await member.reload()
    await asked.getByText('Pour le premier semestre.').waitFor()
    await checkPage(member, 'governance-document-given')
    const [download] = await Promise.all([
      member.waitForEvent('download'),
      asked.getByRole('link', { name: 'rapport.csv' }).click(),
    ])
    expect(await readFile(await download.path(), 'utf8')).toBe('mois;incidents\n')
  })

  test('a digital service: its phases, its first dossier and its deliverables await their votes', async () => {
    const manager = await enter(visit, size, pilot)
    const service = '/governance/service-numerique'
    for (const [path, name] of [
      ['services', 'Tableau de bord pédagogique (démonstration)'],
      ['services/1', 'Investigation'],
      ['services/1/dossiers/1', 'Un décrochage se voit souvent à l’examen'],
      ['deliverables', 'Livrables'],
      ['deliverables/draft', 'Guide de l’enseignant'],
    ] as const) {
      await manager.goto(`${service}/${path}`)
      await manager
        .locator('main')
        .getByText(name)
        .or(manager.locator(`main [value="${name}"]`))
        .first()
        .waitFor()
      await checkPage(manager, `service-${path.replaceAll('/', '-')}`)
    }
  })
})
