import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { makeEstablishment, makeGuardian, makePupil, writeSmallFeed } from '../server/test/small-feed.ts'
import { root, run } from './product.ts'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

// The mother of two pupils of one academy has a third child in a nursery school of another: she is known twice, until
// somebody says that she is one.

const visit = openBrowser()

/** What each screen size's journey brings: an academy of its own, and the child that is there. */
const elsewhere = {
  desktop: { academy: '09', child: 'Lison', uai: '0590090Z' },
  phone: { academy: '21', child: 'Ninon', uai: '5100090Z' },
} as const

/** Imports an academy's feed on the command line, beside the running product. */
async function importFeed({ academy, child, uai }: (typeof elsewhere)[keyof typeof elsewhere]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'preau-matching-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  await writeSmallFeed(join(folder, 'feed'), {
    academy,
    establishments: [
      makeEstablishment('90', {
        ENTStructureUAI: uai,
        ENTStructureNomCourant: `ECM$Les Glycines ${academy}$LILLE`,
        ENTStructureTypeStruct: 'ECOLE MATERNELLE',
        ENTStructureClasses: 'MS$MOYENNE SECTION',
      }),
    ],
    guardians: [makeGuardian('1', { sn: 'DUBOEUF', givenName: 'Claire', mail: 'claire.duboeuf@example.org' })],
    pupils: [
      makePupil('10', '90', {
        sn: 'MARCHAND',
        givenName: child,
        ENTPersonDateNaissance: '12/05/2022',
        ENTEleveClasses: ['90$MS'],
        ENTElevePersRelEleve: ['1$10$1$1$1$1'],
      }),
    ],
  })
  const command = [join(root, 'server/src/cli.ts'), 'directory', 'import', join(folder, 'feed')]
  const { child: program, output } = run(command, { data: inject('data') })
  const [code] = (await once(program, 'exit')) as [number | null]
  expect(code, output()).toBe(0)
}

describe.each(everySize)('%s', (size) => {
  test('two academies know one mother: brought together, she finds all her children; parted, as before', async () => {
    const { child, academy } = elsewhere[size]
    await importFeed(elsewhere[size])
    const mother = await visit({ size })
    await signIn(mother, 'mother')
    await mother.getByText('Zoé').first().waitFor()
    expect(await mother.getByText(child).count()).toBe(0)

    const page = await visit({ size })
    await signIn(page, 'operator')
    await goTo(page, 'Annuaire')
    await page.getByRole('link', { name: 'Doublons' }).click()
    // A page read again before it is left would be the former one.
    await page.getByRole('heading', { level: 1, name: 'Doublons' }).waitFor()
    const proposal = page
      .getByRole('article')
      .filter({ hasText: 'académie 20' })
      .filter({ hasText: `académie ${academy}` })
    // The import asked for it in the background.
    await expect
      .poll(
        async () => {
          await page.reload()
          await page.getByRole('heading', { level: 1, name: 'Doublons' }).waitFor()
          await page.locator('.match, .empty').first().waitFor()
          return proposal.count()
        },
        { timeout: 30_000, interval: 1_000 },
      )
      .toBe(1)
    await proposal.getByText('Pourquoi').click()
    await proposal.getByText('Même adresse e-mail').waitFor()
    await checkPage(page, 'matching-open')
    await proposal.focus()
    await page.keyboard.press('p')
    await announced(page, 'remis à plus tard').waitFor()
    await page.getByRole('button', { name: 'Annuler' }).click()
    await announced(page, 'à vérifier de nouveau').waitFor()
    await proposal.focus()
    await page.keyboard.press('m')
    await announced(page, 'une seule fiche désormais').waitFor()

    await mother.reload()
    await mother.getByText(child).first().waitFor()
    await mother.getByText('Zoé').first().waitFor()

    await page.getByRole('link', { name: 'Voir les fusions faites' }).click()
    const undo = page.getByRole('button', { name: /^Séparer de nouveau : Claire/i }).first()
    await undo.waitFor()
    await checkPage(page, 'matching-merges')
    await undo.click()
    await announced(page, 'deux fiches de nouveau').waitFor()
    await mother.reload()
    await mother.getByText('Zoé').first().waitFor()
    expect(await mother.getByText(child).count()).toBe(0)

    await page.getByRole('link', { name: /^Deux personnes/ }).click()
    await proposal.getByRole('button', { name: 'Remettre à vérifier' }).waitFor()
    await checkPage(page, 'matching-never')
  })
})
