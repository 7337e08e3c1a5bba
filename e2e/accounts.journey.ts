import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { personas } from '../server/src/demonstration/personas.ts'
import { announced, checkPage, everySize, goTo, openBrowser, signIn } from './visitor.ts'

const visit = openBrowser()
const teacherName = personas.teacher.familyName
const college = /ROSA BONHEUR/i

describe.each(everySize)('%s', (size) => {
  test('a head prepares letters; a parent opens her account with hers and answers the texts', async () => {
    const head = await visit({ size, acceptDownloads: true })
    await signIn(head, 'head')
    await goTo(head, 'Gérer')
    await head.getByRole('heading', { level: 1, name: 'Gérer les comptes et les droits' }).waitFor()
    await checkPage(head, 'administration')
    await head.getByRole('link', { name: college }).first().click()
    await head.getByRole('heading', { level: 1, name: college }).waitFor()
    await head.getByRole('heading', { name: 'Où en sont les comptes' }).waitFor()
    await checkPage(head, 'managed-accounts')

    // The classes are taken in turn, so that each size has a parent of its own to welcome.
    const classes = await head.getByLabel('Classe', { exact: true }).first().locator('option').allTextContents()
    const chosen = classes[size === 'desktop' ? 2 : 3] ?? ''
    await head.getByLabel('Classe', { exact: true }).first().selectOption({ label: chosen })
    await head.getByText('Parents et responsables', { exact: true }).and(head.locator('label span')).first().click()
    await head.getByRole('button', { name: 'Préparer les lettres' }).click()
    await announced(head, /lettres? (est|sont) prêtes?/)
      .first()
      .waitFor({ timeout: 60_000 })
    await checkPage(head, 'letters-ready')
    const [file] = await Promise.all([
      head.waitForEvent('download'),
      head.getByRole('button', { name: 'Emporter le tableau (CSV)' }).click(),
    ])
    await announced(head, 'Elles sont effacées ici.').first().waitFor()
    const rows = (await readFile(await file.path(), 'utf8'))
      .trim()
      .split('\r\n')
      .map((line) => line.split(';'))
    const code = rows[1]?.[5] ?? ''
    expect(code).toMatch(/^\w{4}-\w{4}-\w{4}$/)

    const parent = await visit({ size })
    await parent.goto('/activate')
    await checkPage(parent, 'activate')
    await parent.getByLabel('Votre code').fill(code)
    await parent.getByRole('button', { name: 'Continuer' }).click()
    await parent.getByLabel('Nouveau mot de passe').fill('quatre chats sur un toit')
    await parent.getByRole('button', { name: 'Ouvrir mon espace' }).click()
    await parent.getByRole('heading', { level: 1, name: 'Vos enfants dans cet espace' }).waitFor()
    await checkPage(parent, 'welcome-children')
    await parent.getByRole('button', { name: 'Continuer' }).click()
    await parent.getByRole('heading', { level: 1, name: 'La charte des familles' }).waitFor()
    await checkPage(parent, 'welcome-text')
    await parent.getByRole('button', { name: 'J’ai lu ce texte' }).click()
    await parent.getByRole('heading', { level: 1, name: 'L’image et la voix de votre enfant' }).waitFor()
    // Nothing chosen: the page says what is missing and stays.
    await parent.getByRole('button', { name: 'Continuer' }).click()
    await parent.getByRole('alert').filter({ hasText: 'Répondez pour chaque enfant.' }).waitFor()
    for (const choice of await parent.getByRole('radio', { name: 'Non, je refuse' }).all()) await choice.check()
    await checkPage(parent, 'welcome-choice')
    await parent.getByRole('button', { name: 'Continuer' }).click()
    await parent.getByRole('heading', { level: 1, name: 'Les travaux de votre enfant' }).waitFor()
    for (const choice of await parent.getByRole('radio', { name: 'Oui, j’accepte' }).all()) await choice.check()
    await parent.getByRole('button', { name: 'Continuer' }).click()
    await parent.getByRole('heading', { level: 1, name: 'Une adresse pour vous joindre' }).waitFor()
    await checkPage(parent, 'welcome-email')
    await parent.getByRole('button', { name: 'Entrer dans mon espace' }).click()
    await parent.getByRole('heading', { level: 1, name: /^Bonjour/ }).waitFor()

    // The answers are on the account page, and can be changed.
    await goTo(parent, 'Compte')
    await parent
      .getByText(/^Refusé le/)
      .first()
      .waitFor()
    await checkPage(parent, 'account-new')
    await parent
      .getByRole('button', { name: /^Changer : L’image/ })
      .first()
      .click()
    // The answer is kept at once, and the choices close.
    await parent.getByRole('radio', { name: 'Oui, j’accepte' }).first().click()
    await expect.poll(async () => parent.getByText(/^Accepté le/).count()).toBeGreaterThanOrEqual(2)

    // It was not her: the account closes here and now.
    await parent.getByRole('button', { name: 'Ce n’était pas moi' }).click()
    await parent.getByRole('button', { name: 'Fermer mon compte et demander un code' }).click()
    await parent.getByRole('heading', { level: 1, name: 'J’ai reçu un code' }).waitFor()
    expect((await parent.request.get('/api/portal/home')).status()).toBe(401)
  })

  test('a head delegates the school to a teacher, who sees it and loses it; the trail tells both', async () => {
    const head = await visit({ size })
    await signIn(head, 'head')
    await goTo(head, 'Gérer')
    await head.getByRole('link', { name: college }).first().click()
    await head
      .getByRole('navigation', { name: 'Gérer cet établissement' })
      .getByRole('link', { name: 'Droits' })
      .click()
    await head.getByRole('heading', { name: 'Qui a des droits ici' }).waitFor()
    await head.getByLabel('Nom ou prénom').fill(teacherName)
    await head
      .getByRole('button', { name: /^Choisir / })
      .first()
      .click()
    await checkPage(head, 'managed-rights')
    await head.getByRole('button', { name: 'Donner ce droit' }).click()
    await announced(head, /Le droit est donné à/)
      .first()
      .waitFor()

    const teacher = await visit({ size })
    await signIn(teacher, 'teacher')
    await goTo(teacher, 'Gérer')
    await teacher.getByRole('link', { name: college }).first().waitFor()

    await head
      .getByRole('button', { name: new RegExp(`^Retirer à .*${teacherName}`, 'i') })
      .first()
      .click()
    await head.getByRole('button', { name: 'Confirmer le retrait' }).click()
    await announced(head, /Le droit est retiré à/)
      .first()
      .waitFor()
    expect((await teacher.request.get('/api/directory/audit')).status()).toBe(403)

    await goTo(head, 'Gérer')
    await head.getByRole('link', { name: 'Trace des actes' }).click()
    await head.getByRole('cell', { name: 'Droit retiré' }).first().waitFor()
    await head.getByRole('cell', { name: 'Droit donné' }).first().waitFor()
    await checkPage(head, 'trail')
    await head.getByLabel('Acte', { exact: true }).selectOption({ label: 'Droit retiré' })
    await head.getByRole('cell', { name: 'Droit donné' }).first().waitFor({ state: 'detached' })
    const [taken] = await Promise.all([
      head.waitForEvent('download'),
      head.getByRole('button', { name: 'Emporter ces actes (CSV)' }).click(),
    ])
    const acts = (await readFile(await taken.path(), 'utf8')).trim().split('\r\n')
    expect(acts.length).toBeGreaterThan(1)
    for (const act of acts.slice(1)) expect(act).toContain('Droit retiré')
    expect(acts.slice(1).join('\n').toLowerCase()).toContain(teacherName.toLowerCase())
  })

  test('a replacement gets an account for a time', async () => {
    const head = await visit({ size })
    await signIn(head, 'head')
    await goTo(head, 'Gérer')
    await head.getByRole('link', { name: college }).first().click()
    await head
      .getByRole('navigation', { name: 'Gérer cet établissement' })
      .getByRole('link', { name: 'Comptes temporaires' })
      .click()
    await head.getByRole('button', { name: 'Créer le compte' }).click()
    await head.getByText('À remplir.').first().waitFor()
    const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10)
    await head.getByLabel('Prénom').fill('Nadia')
    await head.getByLabel('Nom', { exact: true }).fill(`Remplaçante ${size}`)
    await head.getByLabel('Premier jour', { exact: true }).fill(day(0))
    await head.getByLabel('Dernier jour', { exact: true }).fill(day(5))
    await head.getByRole('button', { name: 'Créer le compte' }).click()
    await announced(head, 'Le compte est créé.').first().waitFor()
    await head
      .getByText(/Se termine dans \d jours?/)
      .first()
      .waitFor()
    await checkPage(head, 'managed-stays')
    await head.getByRole('link', { name: /^Ouvrir la fiche de Nadia/ }).click()
    await head.getByRole('heading', { name: 'Remettre un code d’accès' }).waitFor()
    await head.getByRole('button', { name: 'Créer un code' }).click()
    await head.getByRole('article', { name: /^Code d’accès de Nadia/ }).waitFor()
    // What was just done is in the history at once.
    await head.getByText('Code d’accès remis').first().waitFor()
    await checkPage(head, 'person-managed')
  })
})
