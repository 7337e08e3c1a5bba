import { describe, expect, test } from 'vitest'
import { announced, checkPage, everySize, findAccount, goTo, openBrowser, settle, signIn } from './visitor.ts'

// Each profile signs in and finds its own workspace: what it needs is there, and nothing of the others'.

const visit = openBrowser()

describe.each(everySize)('%s', (size) => {
  test('a pupil finds her class, her main teacher, her groups and her applications', async () => {
    const page = await visit({ size })
    await signIn(page, 'pupil')
    await page.getByRole('heading', { level: 1, name: 'Bonjour Zoé' }).waitFor()
    await page.getByRole('heading', { name: 'Quoi de neuf' }).waitFor()
    await page.getByText('Rien à faire pour le moment.').waitFor()
    const ownClass = page
      .getByRole('article')
      .filter({ has: page.getByRole('heading', { name: '5EME A', exact: true }) })
    await ownClass.getByRole('link', { name: 'Collège Rosa Bonheur' }).waitFor()
    await page.getByRole('link', { name: /^Pix/ }).waitFor()
    expect(await page.getByRole('link', { name: 'Imports' }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'État' }).count()).toBe(0)
    await checkPage(page, 'home-pupil')

    await ownClass.getByRole('link', { name: '5EME A', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: '5EME A' }).waitFor()
    const pupils = page.getByRole('region', { name: 'Élèves' }).or(page.getByRole('main'))
    await pupils.getByRole('link', { name: 'Zoé Marchand' }).first().waitFor()
    expect(await page.getByText('Image et voix').count()).toBe(0)
    await checkPage(page, 'class-pupil')

    await page.getByRole('link', { name: 'Samir Haddad' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Samir Haddad' }).waitFor()
    await page.getByText('C’est votre professeur.').waitFor()
    // A pupil reads no address of a teacher, and the card says that some of it is kept from her.
    expect(await page.getByRole('link', { name: /@/ }).count()).toBe(0)
    await page.getByText(/Réservé à d’autres\s:\scourriel/).waitFor()
    await checkPage(page, 'person-teacher-seen-by-pupil')

    await page.getByRole('link', { name: 'Collège Rosa Bonheur' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Collège Rosa Bonheur' }).waitFor()
    await checkPage(page, 'establishment-seen-by-pupil')
  })

  test('a mother finds her children, in three schools of two feeds, and looks at one at a time', async () => {
    const page = await visit({ size })
    await signIn(page, 'mother')
    await page.getByRole('heading', { name: 'Mes enfants' }).waitFor()
    const zoe = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Zoé Marchand' }) })
    const gaspard = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Gaspard Marchand' }) })
    await zoe.getByRole('link', { name: 'Collège Rosa Bonheur' }).waitFor()
    await zoe.getByRole('link', { name: 'Samir Haddad' }).waitFor()
    await gaspard.getByRole('link', { name: 'Lycée Sophie Germain' }).waitFor()
    // Primary schools have a feed of their own, which knows her under another identifier.
    const lou = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Lou Marchand' }) })
    await lou.getByRole('link', { name: 'Les Coquelicots' }).waitFor()
    await checkPage(page, 'home-mother')

    const children = page.getByRole('navigation', { name: 'Choisir un enfant' })
    await children.getByRole('link', { name: 'Gaspard' }).click()
    await page.getByRole('heading', { name: 'Mon enfant', exact: true }).waitFor()
    await gaspard.waitFor()
    expect(await zoe.count()).toBe(0)
    await page.getByText('Aucune nouvelle pour Gaspard.').waitFor()
    await checkPage(page, 'home-mother-one-child')
    // The choice is in the address: it survives a reload, and going back undoes it.
    await page.reload()
    await gaspard.waitFor()
    expect(await zoe.count()).toBe(0)
    await page.goBack()
    await zoe.waitFor()

    await gaspard.getByRole('link', { name: 'Gaspard Marchand' }).click()
    await page.getByText('C’est votre enfant.').waitFor()
    await checkPage(page, 'person-child-seen-by-mother')
    // The other guardian is named without contact details.
    await page.getByRole('link', { name: 'Thomas Marchand' }).click()
    await page.getByText('C’est aussi parent ou responsable de votre enfant.').waitFor()
    expect(await page.getByRole('link', { name: /@/ }).count()).toBe(0)
  })

  test('a teacher finds the classes, reaches the parents of the main class only', async () => {
    const page = await visit({ size })
    await signIn(page, 'teacher')
    const classes = page.getByRole('table', { name: 'Mes classes' })
    const mainClass = classes.getByRole('row').nth(1)
    await mainClass.getByText('professeur principal').waitFor()
    await checkPage(page, 'home-teacher')

    await mainClass.getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: '5EME A' }).waitFor()
    await page.getByText('ce que ses responsables ont choisi').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'Zoé' }).getByText('Image et voix').waitFor()
    await checkPage(page, 'class-teacher')
    await page.getByRole('link', { name: 'Zoé Marchand' }).click()
    await page.getByText('C’est votre élève.').waitFor()
    await checkPage(page, 'person-pupil-seen-by-teacher')
    await page.getByRole('link', { name: 'Claire Dubœuf' }).click()
    await page.getByText('Parent ou responsable d’un élève de la classe dont vous êtes professeur principal.').waitFor()
    await page.getByRole('link', { name: 'claire.duboeuf@example.org' }).waitFor()
    await checkPage(page, 'person-guardian-seen-by-main-teacher')
  })

  test('a head finds the figures of the school, and behind each the people', async () => {
    const page = await visit({ size })
    await signIn(page, 'head')
    const school = page
      .getByRole('article')
      .filter({ has: page.getByRole('heading', { name: 'Collège Rosa Bonheur' }) })
    await school.getByRole('link', { name: /^Élèves : \d+/ }).waitFor()
    await checkPage(page, 'home-head')
    const teachers = school.getByRole('link', { name: /^Professeurs : \d+/ })
    const count = Number(/\d+/.exec((await teachers.getAttribute('aria-label')) ?? '')?.[0])
    expect(count).toBeGreaterThan(10)
    await teachers.click()
    await page.getByRole('heading', { level: 1, name: 'Annuaire' }).waitFor()
    await page.getByRole('main').getByRole('listitem').first().waitFor()
    await checkPage(page, 'directory-head')
    const people = page.getByRole('main').getByRole('listitem')
    while ((await people.count()) < count) {
      const shown = await people.count()
      await page.getByRole('button', { name: 'Afficher la suite' }).click()
      await people.nth(shown).waitFor()
    }
    expect(await people.count()).toBe(count)
    expect(await page.getByRole('button', { name: 'Afficher la suite' }).count()).toBe(0)
  })

  test('a local-authority agent sees establishments and their heads, never a pupil nor a family', async () => {
    const page = await visit({ size })
    await signIn(page, 'partnerAgent')
    await page.getByRole('heading', { name: 'Mon territoire' }).waitFor()
    await page.getByText('Vous voyez des effectifs et les directions d’établissement').waitFor()
    await checkPage(page, 'home-local-authority')

    await page.getByRole('link', { name: 'Tous les établissements' }).click()
    await page.getByRole('heading', { level: 1, name: 'Établissements' }).waitFor()
    await page.getByLabel('Chercher un établissement').fill('bonheur')
    await page.getByRole('row').nth(2).waitFor({ state: 'detached' })
    await checkPage(page, 'establishments-local-authority')
    await page.getByRole('link', { name: 'Collège Rosa Bonheur' }).click()
    await page.getByRole('heading', { name: 'Effectifs' }).waitFor()
    await checkPage(page, 'establishment-seen-by-local-authority')
    await page.getByRole('link', { name: 'Hélène Roussel' }).click()
    await page.getByText('Dirige un établissement de votre territoire.').waitFor()
    await page.getByRole('link', { name: 'helene.roussel@ac-amiens.example.org' }).waitFor()
    await checkPage(page, 'person-head-seen-by-local-authority')

    await goTo(page, 'Annuaire')
    for (const name of ['Marchand', 'Dubœuf', 'Haddad']) {
      await page.getByLabel('Nom ou prénom').fill(name)
      await announced(page, 'Personne ne correspond.').waitFor()
    }
    // Neither does the school across the border of the territory.
    await page.goto('/directory/establishments?q=sophie+germain')
    await page.getByText('Aucun établissement.').waitFor()
  })

  test('a delegated administrator hands out a code, which opens an account', async () => {
    const page = await visit({ size })
    await signIn(page, 'secretary')
    await page.getByRole('link', { name: /Remettre les codes d’accès/ }).click()
    await page.getByRole('heading', { name: 'Comptes pas encore ouverts' }).waitFor()
    await page.getByLabel('Profil').selectOption('Personnels')
    // Another person for each screen size: a first code activates, a second one would only reset.
    const listed = page.getByRole('table', { name: 'Comptes pas encore ouverts' }).getByRole('link')
    await page.waitForURL(/profile=staff/)
    await settle(page)
    const names = (await listed.allInnerTexts()).filter((name) => !/haddad/i.test(name))
    const name = names[everySize.indexOf(size)]!
    await page.getByRole('link', { name, exact: true }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.getByText('Vous administrez son établissement.').waitFor()
    await checkPage(page, 'person-seen-by-administrator')
    await page.getByRole('button', { name: 'Créer un code' }).click()
    const letter = page.getByRole('article', { name: `Code d’accès de ${name}` })
    const text = await letter.innerText()
    const code = /[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}/.exec(text)?.[0] ?? ''
    const login = /^[a-z]+(-[a-z]+)*\.[a-z-]+\d*$/m.exec(text)?.[0] ?? ''
    expect({ code, login }).toEqual({ code: expect.stringMatching(/./), login: expect.stringMatching(/./) })
    await checkPage(page, 'access-code')

    const theirs = await visit({ size })
    await theirs.goto('/sign-in')
    await theirs.getByRole('link', { name: 'J’ai reçu un code' }).click()
    await checkPage(theirs, 'activate')
    await theirs.getByLabel('Votre code').fill('AAAA-BBBB-CCCC')
    await theirs.getByRole('button', { name: 'Continuer' }).click()
    await theirs.getByText('Aucun code ne correspond.').waitFor()
    await checkPage(theirs, 'activate-refused')
    // As people copy it from paper: small letters, spaces.
    await theirs.getByLabel('Votre code').fill(code.toLowerCase().replaceAll('-', ' '))
    await theirs.getByRole('button', { name: 'Continuer' }).click()
    await theirs.getByRole('heading', { level: 1, name: `Bonjour ${name.split(' ')[0]}` }).waitFor()
    await theirs.getByText(login, { exact: true }).waitFor()
    await theirs.getByLabel('Nouveau mot de passe').fill('court')
    await theirs.getByText('Encore 7 caractères.').waitFor()
    await theirs.getByRole('button', { name: 'Ouvrir mon espace' }).click()
    await theirs.getByText('Il faut au moins 12 caractères.').waitFor()
    await checkPage(theirs, 'activate-password')
    await theirs.getByLabel('Nouveau mot de passe').fill('cartable bleu sous la pluie')
    await theirs.getByRole('button', { name: 'Ouvrir mon espace' }).click()
    await theirs.getByRole('navigation', { name: 'Navigation principale' }).waitFor()

    // The code is spent, and the trail says who gave it and that it was used.
    const again = await visit({ size })
    await again.goto('/activate')
    await again.getByLabel('Votre code').fill(code)
    await again.getByRole('button', { name: 'Continuer' }).click()
    await again.getByText('Ce code a déjà servi.').waitFor()
    await page.reload()
    await page.getByText('Code d’accès utilisé').waitFor()
    await page
      .getByText(/par Béatrice Lenglet/i)
      .first()
      .waitFor()

    await changePassword(theirs, login)
  })

  /** On the account page, with the account just opened: no other journey knows its password. */
  async function changePassword(page: Awaited<ReturnType<typeof visit>>, login: string): Promise<void> {
    await goTo(page, 'Compte')
    await page.getByText(`Identifiant : ${login}`).waitFor()
    await page.getByLabel('Mot de passe actuel').fill('ce n’est pas le bon')
    await page.getByLabel('Nouveau mot de passe').fill('trois marrons dans la poche')
    await page.getByRole('button', { name: 'Changer de mot de passe' }).click()
    await page.getByText('Ce n’est pas votre mot de passe actuel.').waitFor()
    // What was typed is kept.
    expect(await page.getByLabel('Nouveau mot de passe').inputValue()).toBe('trois marrons dans la poche')
    await page.getByLabel('Mot de passe actuel').fill('cartable bleu sous la pluie')
    await page.getByRole('button', { name: 'Changer de mot de passe' }).click()
    await page.getByText('Votre mot de passe est changé.').waitFor()
    await checkPage(page, 'account-password-changed')
    await page.getByRole('button', { name: 'Me déconnecter', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Se connecter' }).waitFor()
    await page.getByLabel('Identifiant').fill(login)
    await page.getByLabel('Mot de passe', { exact: true }).fill('trois marrons dans la poche')
    await page.getByRole('button', { name: 'Se connecter', exact: true }).click()
    await page.getByRole('navigation', { name: 'Navigation principale' }).waitFor()
  }

  test('a visitor tries the demonstration by one press', async () => {
    const page = await visit({ size })
    await page.goto('/sign-in')
    await page.getByRole('button', { name: /Hélène Roussel/i }).click()
    await page.getByRole('heading', { level: 1, name: 'Bonjour Hélène' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/')
    const { login } = await findAccount(page, { givenName: 'Hélène', familyName: 'Roussel' })
    expect(login).toBe('helene.roussel')
  })
})
