import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, inject, test } from 'vitest'
import {
  api,
  askToJoin,
  closeBallot,
  conveneAndOpen,
  day,
  enter,
  enterByCode,
  home,
  noteArrivals,
  pilot,
  prepareMeeting,
  putToVote,
  region,
  sayAloud,
} from './consortium.ts'
import { root, run } from './product.ts'
import { announced, checkPage, everySize, openBrowser, readApi, type Size } from './visitor.ts'

// A consortium at work: its partners, each signed in, take a change of the service from its request to its acceptance;
// anybody then reads the decision and verifies its proof.

const visit = openBrowser()

const contractor = { givenName: 'Bruno', familyName: 'Lacaze' }
const authorities = [
  { givenName: 'Ingrid', familyName: 'Sermiers' },
  { givenName: 'Thomas', familyName: 'Frouard' },
  { givenName: 'Émilie', familyName: 'Wolfisheim' },
]
/** 4.5 + 2 + 1.5 + 4 × 1: the 12 voices of 15 that are just enough. */
const inFavour = ['region', 'alsace', 'moselle', 'ardennes', 'aube', 'marne', 'haute-marne']
const against = ['meurthe-et-moselle', 'meuse']
const reached = /Il faut au moins 80\s%, soit au moins 12\. Pour\s: 12\. Seuil atteint\./

/** What a test about one size needs to tell its things from those of the other. */
const words = (size: Size) => ({
  title: `Messagerie unifiée (${size})`,
  meeting: `Comité d’urgence (${size})`,
  later: size === 'desktop' ? 0 : 1,
})

describe.each(everySize)('%s', (size) => {
  const { title, meeting: meetingTitle, later } = words(size)

  test('the calendar of an assembly: its strategic committee three weeks before, or no convening', async () => {
    const manager = await enter(visit, size, pilot)
    await manager.goto('/governance')
    await manager.getByRole('heading', { level: 1, name: 'Gouvernance' }).waitFor()
    await checkPage(manager, 'governance')
    await manager
      .getByRole('link', { name: /Grand Est/i })
      .first()
      .click()
    await manager.getByRole('heading', { level: 1, name: 'Calendrier' }).waitFor()
    await manager.getByText('Le dernier jour sûr est celui après lequel').waitFor()
    await checkPage(manager, 'governance-calendar')

    // Too soon: the committee could not meet three weeks before any more.
    await prepareMeeting(manager, 'ag', `Assemblée trop proche (${size})`, day(20))
    await addDiscussion(manager, 'Bilan de l’année')
    await manager.getByRole('button', { name: 'Convoquer la réunion' }).click()
    await announced(manager, 'La convention interdit cette date').first().waitFor()
    await checkPage(manager, 'governance-meeting-refused')
    await manager.getByText('Annuler la réunion', { exact: true }).first().click()
    await manager.getByLabel('Pourquoi').fill('Le comité stratégique ne peut plus la préparer.')
    await manager.getByRole('button', { name: 'Annuler la réunion' }).click()
    await manager.getByText('Réunion annulée').waitFor()

    await prepareMeeting(manager, 'costrat', `Comité stratégique (${size})`, day(17 + later))
    await addDiscussion(manager, 'Préparer l’assemblée')
    await manager.getByRole('button', { name: 'Convoquer la réunion' }).click()
    await manager.getByText('Convoquée le').waitFor()

    await prepareMeeting(manager, 'ag', `Assemblée générale (${size})`, day(45 + later))
    await addDiscussion(manager, 'Bilan de l’année')
    await checkPage(manager, 'governance-meeting-draft')
    await manager.getByRole('button', { name: 'Convoquer la réunion' }).click()
    await manager.getByText('Convoquée le').waitFor()
    await checkPage(manager, 'governance-meeting-convened')

    // The calendar tells the last safe days of both, by their articles.
    await manager.getByRole('navigation', { name: 'Gouvernance' }).getByRole('link', { name: 'Calendrier' }).click()
    await manager.getByRole('heading', { level: 1, name: 'Calendrier' }).waitFor()
    const asked = manager.getByRole('row').filter({ hasText: `Assemblée générale (${size})` })
    await asked.filter({ hasText: 'réunir COSTRAT avant' }).first().waitFor()
    await checkPage(manager, 'governance-calendar-planned')
  })

  test(
    'a structuring change goes from its request to its acceptance, by each partner in turn',
    { timeout: 400_000 },
    async () => {
      const manager = await enter(visit, size, pilot)
      const member = await enter(visit, size, region)
      const id = await requestChange(member, title)

      await qualify(manager, id)
      const writer = await enter(visit, size, contractor)
      await writeSheet(writer, id)
      for (const authority of authorities) {
        const adviser = await enterByCode(visit, size, manager, authority)
        await giveOpinion(adviser, id)
        if (authority === authorities.at(-1)) await checkPage(adviser, 'governance-change-advised')
      }

      // An urgent session meets today: the text is told not to be kept, and the pilot takes it upon itself.
      const meetingId = await prepareMeeting(manager, 'cogouv', meetingTitle, day(0), true)
      await schedule(manager, id, meetingTitle)
      await manager.goto(`${home}/meetings/${meetingId}`)
      await manager.getByRole('button', { name: 'Convoquer la réunion' }).click()
      await manager.getByText('Tout ce que la convention demande n’est pas rempli').waitFor()
      await checkPage(manager, 'governance-meeting-warned')
      await manager.getByRole('button', { name: 'Convoquer quand même' }).click()
      await manager.getByRole('button', { name: 'Ouvrir la réunion' }).click()
      await manager.getByRole('heading', { name: 'Présences' }).waitFor()

      // Everybody but Vosges arrives; the chair notes them, the region's member arrives by herself.
      await member.goto(`${home}/meetings/${meetingId}`)
      await member.getByRole('button', { name: /^Hélène KUNTZ .*arrive$/i }).click()
      await member.getByRole('button', { name: /^Part/ }).waitFor()
      await checkPage(member, 'governance-register-own')
      const others = ['Deville', 'Mailly', 'Bouzy', 'Froncles', 'Haroué', 'Clermont', 'Bitche', 'Schaeffer']
      await noteArrivals(manager, others)
      await checkPage(manager, 'governance-register')

      await manager.getByRole('link', { name: 'Votes', exact: true }).click()
      await manager.getByText('Tout est réuni pour voter').waitFor()
      await checkPage(manager, 'governance-meeting-votes')
      await manager.getByRole('button', { name: `Mettre aux voix : ${title}` }).click()
      await manager.getByRole('heading', { name: 'Conduire le vote' }).waitFor()
      const ballotId = new URL(manager.url()).pathname.split('/').at(-1) ?? ''

      // Two vote themselves, the others say their votes aloud.
      await member.goto(`${home}/ballots/${ballotId}`)
      await member.getByRole('button', { name: 'Pour', exact: true }).click()
      await member.getByText('Vote enregistré : Pour.').waitFor()
      await checkPage(member, 'governance-ballot-own')
      const alsace = await enterByCode(visit, size, manager, { givenName: 'Caroline', familyName: 'Schaeffer' })
      await alsace.goto(`${home}/ballots/${ballotId}`)
      await alsace.getByRole('button', { name: 'Contre', exact: true }).click()
      await alsace.getByText('Vote enregistré : Contre.').waitFor()
      await alsace.getByRole('button', { name: 'Pour', exact: true }).click()
      await alsace.getByText('Vote enregistré : Pour.').waitFor()

      // Who was absent when the vote opened does not vote, in whatever way it is tried.
      const absent = await enterByCode(visit, size, manager, { givenName: 'Louis', familyName: 'Thillot' })
      await absent.goto(`${home}/ballots/${ballotId}`)
      await absent.getByText('À l’ouverture du vote, personne n’était là pour').waitFor()
      await checkPage(absent, 'governance-ballot-absent')
      const tried = await absent.request.put(`${api}/ballots/${ballotId}/votes/vosges`, { data: { choice: 'for' } })
      expect(tried.status()).toBe(409)
      expect(await tried.json()).toMatchObject({ code: 'voter_absent' })

      const { parties } = await readApi<{ parties: { key: string; name: string }[] }>(manager, api)
      const nameOf = (party: string) => parties.find(({ key }) => key === party)?.name ?? party
      for (const [choice, voters] of [
        ['Pour', inFavour.filter((party) => party !== 'region' && party !== 'alsace')],
        ['Contre', against],
      ] as const) {
        for (const party of voters) {
          await manager.getByLabel('Membre', { exact: true }).selectOption({ label: nameOf(party) })
          await manager.getByLabel('Vote', { exact: true }).selectOption({ label: choice })
          await manager.getByRole('button', { name: 'Noter ce vote' }).click()
          await expect
            .poll(() => manager.getByLabel('Membre', { exact: true }).inputValue(), { timeout: 20_000 })
            .toBe('')
        }
      }
      await manager.getByText('L’adoption est déjà certaine.').waitFor()
      await checkPage(manager, 'governance-ballot-open')

      // Two close it at once: it is closed once, and the second is told.
      await manager.getByRole('button', { name: 'Clore le vote' }).click()
      await manager.getByText('Tous ont voté.').waitFor()
      await member.getByRole('button', { name: 'Clore le vote' }).click()
      await Promise.all(
        [manager, member].map((page) => page.getByRole('button', { name: 'Clore et proclamer' }).click()),
      )
      for (const page of [manager, member])
        await page
          .getByText(/^Adopté/)
          .first()
          .waitFor()
      const again = await member.request.post(`${api}/ballots/${ballotId}/closing`)
      expect(again.status()).toBe(409)
      expect(await again.json()).toMatchObject({ code: 'ballot_closed' })
      await manager.getByText('12 voix', { exact: false }).first().waitFor()
      await manager.getByText(reached).first().waitFor()
      await manager.getByRole('heading', { name: 'Pourquoi ce résultat' }).waitFor()
      await checkPage(manager, 'governance-ballot-closed')

      await manager.goto(`${home}/meetings/${meetingId}`)
      await manager.getByRole('button', { name: 'Clore la réunion' }).click()
      await manager.getByRole('button', { name: 'Clore et écrire le procès-verbal' }).click()
      await manager.getByRole('link', { name: 'Procès-verbal', exact: true }).click()
      await manager.getByRole('heading', { level: 1, name: /Procès-verbal/ }).waitFor()
      await checkPage(manager, 'governance-minutes')

      await orderChange(manager, id)
      await seePart(member, title)
      await deliver(writer, id)
      // Once its results are reached; once they are missed: its price is reduced, and it is taken back.
      const isAccepted = size === 'desktop'
      if (isAccepted) await accept(manager, id)
      else await reduceAndRollBack(manager, writer, id, title)
      await payAndBill(manager, title, isAccepted ? '12 345,67' : '10 000')
      await seeBill(member, isAccepted ? /3\s703,70/ : /3\s000,00/)
      await member.goto(`${home}/changes/of/${id}`)
      await member
        .getByText(isAccepted ? /· acceptée$/ : /· retirée du service$/)
        .first()
        .waitFor()
      await checkPage(member, 'governance-change-over')
    },
  )

  test('a decision is published; anybody reads it, and verifies its proof without this service', async () => {
    const manager = await enter(visit, size, pilot)
    await manager.goto(`${home}/decisions`)
    await manager.getByRole('heading', { level: 1, name: 'Décisions et preuves' }).waitFor()
    const decision = manager.getByRole('listitem').filter({ has: manager.getByRole('heading', { name: title }) })
    await decision.waitFor()
    if (await manager.getByText('Rien n’est public').isVisible()) {
      await manager.getByLabel('Nom', { exact: true }).fill('Groupement numérique (démonstration)')
      await manager.getByLabel('SIRET', { exact: true }).fill('1234')
      await manager.getByRole('button', { name: 'Enregistrer' }).click()
      await manager.getByText('Un SIRET a 14 chiffres.').waitFor()
      await manager.getByLabel('SIRET', { exact: true }).fill('732 829 320 00074')
      await manager.getByRole('button', { name: 'Enregistrer' }).click()
      await announced(manager, 'C’est enregistré.').waitFor()
    }
    await decision
      .getByText(/^Publier/)
      .first()
      .click()
    await checkPage(manager, 'governance-decisions')
    await decision.getByRole('button', { name: /^Publier/ }).click()
    await decision.getByText(/publiée le/).waitFor()
    await manager.getByRole('link', { name: 'Journal', exact: true }).click()
    await manager.getByRole('heading', { level: 1, name: 'Journal' }).waitFor()
    await checkPage(manager, 'governance-journal')

    const anybody = await visit({ size, acceptDownloads: true })
    await anybody.goto('/decisions/grand-est')
    await anybody.getByRole('link', { name: title }).first().waitFor()
    await checkPage(anybody, 'public-decisions')
    const key = await anybody
      .getByText(/^\S+\+[0-9a-f]{8}\+\S+$/)
      .first()
      .innerText()
    await anybody.getByRole('link', { name: title }).first().click()
    await anybody.getByRole('heading', { level: 1, name: title }).waitFor()
    const rows = anybody.getByRole('row').filter({ has: anybody.getByRole('rowheader', { name: 'Pour', exact: true }) })
    await rows.getByText('Région Grand Est').waitFor()
    await anybody.getByText(reached).first().waitFor()
    await checkPage(anybody, 'public-decision')
    const [file] = await Promise.all([
      anybody.waitForEvent('download'),
      anybody.getByRole('link', { name: /^Télécharger la preuve/ }).click(),
    ])
    const proof = await file.path()
    const verified = await verify(proof, key)
    expect(verified).toMatchObject({ code: 0, said: expect.stringContaining('the proof holds') })
    expect(JSON.parse(verified.content)).toMatchObject({ kind: 'decision' })
    const other = key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    expect((await verify(proof, other)).code).not.toBe(0)
    expect((await readFile(proof, 'utf8')).length).toBeLessThan(20_000)
  })

  test('before a vote: eight members of ten make no quorum without the pupils of the two largest', async () => {
    const member = await enter(visit, size, region)
    await member.goto(`${home}/what-if?ballot=ag-ordinaire`)
    await member.getByRole('heading', { level: 1, name: 'Explorer un vote' }).waitFor()
    await member.getByText('Le résultat n’est pas certain.').waitFor()
    for (const name of [/^Région Grand Est/, /^Collectivité européenne d.Alsace/]) {
      await member.getByRole('combobox', { name }).selectOption({ label: 'ne vient pas' })
    }
    await member.getByText('Sans quorum, rien ne peut être voté.').waitFor()
    await checkPage(member, 'governance-what-if-quorum')
    await member.goto(`${home}/what-if?ballot=cogouv-structurante`)
    await member.getByText('Peut bloquer seul : Région Grand Est.').first().waitFor()
    await checkPage(member, 'governance-what-if')
  })

  test('every other page fits the screen and breaks no rule of accessibility', async () => {
    const manager = await enter(visit, size, pilot)
    for (const path of [
      'bodies',
      'bodies/cogouv',
      'changes/crises',
      'money',
      'money/advances',
      'money/staff',
      'money/head-counts',
      'money/entries',
      'members',
      'agreement',
      'agreement/versions',
      'agreement/amendments',
      'agreement/amend',
      'review',
      'decisions/documents',
    ]) {
      await manager.goto(`${home}/${path}`)
      await checkPage(manager, `governance-${path.replaceAll('/', '-')}`)
      expect(await manager.locator('h1').innerText(), path).not.toMatch(/n’existe pas|erreur/i)
    }
  })

  test('an agreement that is not well written is refused line by line, and nothing is kept', async () => {
    const manager = await enter(visit, size, pilot)
    const source = await readFile(join(root, 'agreements/hauts-de-france.yaml'), 'utf8')
    const lines = source.split('\n')
    const at = lines.findIndex((line) => /^ {4}article: '/.test(line))
    const broken = lines.with(at, "    article: '99'").join('\n')
    await manager.goto('/governance/new')
    await manager.getByRole('heading', { level: 1, name: 'Charger une convention' }).waitFor()
    await manager
      .getByLabel('Fichier de la convention (YAML)')
      .setInputFiles({ name: 'convention.yaml', mimeType: 'application/yaml', buffer: Buffer.from(broken) })
    await manager.getByLabel('Motif').fill('Essai')
    await manager.getByRole('button', { name: 'Charger', exact: true }).click()
    await announced(manager, 'rien n’a été enregistré').first().waitFor()
    await manager
      .getByText(`${at + 1}, colonne`)
      .first()
      .waitFor()
    await manager.getByText('L’article 99 n’est pas dans la convention.').first().waitFor()
    await checkPage(manager, 'governance-upload-refused')
    const kept = await readApi<{ version: number }>(manager, '/api/governance/agreements/hauts-de-france')
    expect(kept.version).toBe(1)
  })
})

// After the others, which count on ten members and on committees to come.
test(
  'a département asks to join: the committee approves, every member deliberates, the amendment gives it its voices',
  { timeout: 300_000 },
  async () => {
    const tried = Date.now().toString(36).slice(-4)
    const manager = await enter(visit, 'desktop', pilot)
    const member = await enter(visit, 'phone', region)
    const newcomer = `Département du Rhin ${tried}`
    const committee = `Comité des adhésions (${tried})`
    const meetingId = await prepareMeeting(manager, 'costrat', committee, day(0))
    await askToJoin(manager, { name: newcomer, key: `rhin-${tried}`, kind: 'département', meeting: committee })
    await manager.goto(`${home}/meetings/${meetingId}`)
    await conveneAndOpen(manager)
    await noteArrivals(manager, ['Kuntz', 'Deville', 'Bouzy'])
    await manager.goto(`${home}/meetings/${meetingId}/votes`)
    const ballot = await putToVote(manager, /^Mettre aux voix/)
    await member.goto(ballot)
    await member.getByRole('button', { name: 'Pour', exact: true }).click()
    await member.getByText('Vote enregistré : Pour.').waitFor()
    await sayAloud(manager, 'Département des Ardennes', 'Pour')
    await sayAloud(manager, 'Département de la Marne', 'Contre')
    await closeBallot(manager)

    // A holder says what the assembly of its own party decided, and nothing for another.
    await member.goto(`${home}/members`)
    const own = member.getByRole('form', { name: `Délibération de chaque membre : ${newcomer}` })
    await own.getByLabel('Référence').fill('2026-114')
    expect(await own.getByLabel('Délibération de').locator('option').allInnerTexts()).toEqual(['Région Grand Est'])
    await checkPage(member, 'governance-deliberation')
    await own.getByRole('button', { name: 'Enregistrer la délibération' }).dblclick()
    const asked = (page: Page) => page.getByRole('row').filter({ hasText: newcomer })
    await asked(member).getByText('Délibérations : 1 sur 10').waitFor()
    expect(await own.count()).toBe(0)
    await manager.goto(`${home}/members`)
    const others = manager.getByRole('form', { name: `Délibération de chaque membre : ${newcomer}` })
    for (let done = 2; done <= 10; done += 1) {
      await others.getByRole('button', { name: 'Enregistrer la délibération' }).click()
      if (done < 10) await asked(manager).getByText(`Délibérations : ${done} sur 10`).waitFor()
    }
    const signing = manager.getByRole('form', { name: `Signature de l’avenant : ${newcomer}` })
    await signing.getByLabel('Membre à partir du').fill(day(400))
    await signing.getByLabel('Voix (COGOUV)').fill('1,5')
    await checkPage(manager, 'governance-joining-signing')
    await signing.getByRole('button', { name: 'Signer l’avenant' }).click()
    await asked(manager).filter({ hasText: 'membre à partir du' }).waitFor()
    const { version } = await readApi<{ version: number }>(manager, api)
    const { source } = await readApi<{ source: string }>(manager, `${api}/versions/${version}`)
    expect(source).toMatch(new RegExp(`rhin-${tried}: ['"]1\\.5['"]`))
    await member.reload()
    await asked(member).filter({ hasText: 'membre à partir du' }).waitFor()
    await checkPage(member, 'governance-joined')
  },
)

async function addDiscussion(page: Page, name: string): Promise<void> {
  await page.getByText('Ajouter un point', { exact: true }).click()
  await page.getByLabel('Intitulé').fill(name)
  await page.getByRole('button', { name: 'Ajouter le point' }).click()
  await page.getByRole('heading', { level: 3, name }).waitFor()
}

async function requestChange(page: Page, name: string): Promise<string> {
  await page.goto(`${home}/changes`)
  await page.getByRole('heading', { level: 1, name: 'Évolutions' }).waitFor()
  await page.getByLabel('Titre').fill(name)
  await page.getByLabel('Besoin').fill('Une seule messagerie pour les collèges et les lycées.')
  await checkPage(page, 'governance-changes')
  await page.getByRole('button', { name: 'Demander cette évolution' }).click()
  await announced(page, /^Évolution n° \d+ demandée/).waitFor()
  await page.getByRole('link', { name }).first().click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

/** The answers decide what the change is: nobody chooses. */
async function qualify(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByLabel('Elle est payante').check()
  await page.getByLabel('Elle touche le socle technique').check()
  await checkPage(page, 'governance-change-qualify')
  await page.getByRole('button', { name: 'Enregistrer ces réponses' }).click()
  await page.getByText('Évolution structurante', { exact: true }).waitFor()
  // The way to its vote, and to the assembly after it, is told with its earliest dates.
  const stage = page.getByRole('listitem').filter({ hasText: 'COSTRAT, réunion préparatoire' })
  await stage.getByText('réunion prévue').waitFor()
  await checkPage(page, 'governance-change-qualified')
}

async function writeSheet(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByRole('button', { name: 'Ajouter un résultat' }).click()
  await page.getByLabel('Coût ferme et définitif').fill('douze mille')
  await page.getByRole('button', { name: 'Enregistrer une version' }).click()
  await page.getByText('Un montant en euros, comme').waitFor()
  await page.getByLabel('Coût ferme et définitif').fill('12 345,67')
  await page.getByLabel('Ce qui est mesuré').fill('Disponibilité du service')
  await page.getByLabel('Cible').fill('99,5')
  await page.getByLabel('Unité').fill('%')
  await page.getByLabel('Échéance').fill(day(90))
  for (const [label, text] of [
    ['Fonctionnelles', 'Une adresse par personne, dans toutes les classes.'],
    ['Techniques', 'Les deux messageries de maintenant s’arrêtent.'],
    ['Juridiques et données personnelles', 'Une ligne de plus au registre des traitements.'],
    ['Organisationnelles', 'Aucune.'],
    ['Financières', 'Aucune au-delà du coût.'],
    ['Formation', 'Une heure par établissement.'],
    ['Documentation', 'Un guide en ligne.'],
    ['Conditions de validation', 'Recette dans trois établissements.'],
    ['Régressions possibles', 'Les filtres personnels sont à refaire.'],
    ['Plan de retour en arrière', 'Les anciennes messageries restent un mois.'],
  ] as const) {
    await page.getByLabel(label, { exact: true }).fill(text)
  }
  await checkPage(page, 'governance-sheet-form')
  await page.getByRole('button', { name: 'Enregistrer une version' }).click()
  await page.getByRole('button', { name: 'Remettre la version 1' }).click()
  await page.getByText('fiche remise').first().waitFor()
  await checkPage(page, 'governance-sheet')
}

async function giveOpinion(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByRole('radio', { name: 'favorable', exact: true }).check()
  await page.getByLabel('Motifs').fill('Attendue des équipes.')
  await page.getByRole('button', { name: 'Rendre cet avis' }).click()
  await page.getByRole('button', { name: 'Rendre cet avis' }).waitFor({ state: 'detached' })
}

/** Puts the change on the agenda of a meeting, to be voted by the ballot that the agreement names. */
async function schedule(page: Page, id: string, meeting: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  const choice = page.getByLabel(/^Réunion \(/)
  const label = await choice.locator('option').filter({ hasText: meeting }).last().innerText()
  await choice.selectOption({ label })
  await page.getByRole('button', { name: 'Inscrire à l’ordre du jour' }).click()
  await page.getByText('Elle attend son vote.').waitFor()
}

async function orderChange(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByRole('heading', { name: 'Qui paie' }).waitFor()
  await checkPage(page, 'governance-change-adopted')
  await page.getByRole('button', { name: 'Commander', exact: true }).click()
  await page.getByText('commandée').first().waitFor()
}

/** The region bears 4.5 of the 15 voices of 12,345.67 €. */
async function seePart(page: Page, name: string): Promise<void> {
  await page.goto(`${home}/money/part`)
  const step = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: false }) })
  await step
    .getByText(/3\s703,70/)
    .first()
    .waitFor()
  await checkPage(page, 'governance-part')
}

async function deliver(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByLabel('Note (facultative)').fill('Livrée dans tous les établissements.')
  await page.getByRole('button', { name: 'Annoncer la livraison' }).click()
  await page.getByText('livrée').first().waitFor()
}

/** Pays the order, then asks the region for what it bears. */
async function payAndBill(page: Page, name: string, amount: string): Promise<void> {
  await page.goto(`${home}/money/orders`)
  const order = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name }) })
    .filter({ hasText: 'engagée' })
  const payment = order.locator('details').filter({ hasText: 'Payer, en tout ou partie' }).first()
  await payment.locator('summary').click()
  await payment.getByLabel('Montant').fill(amount)
  await payment.getByLabel('Date d’effet').fill(day(0))
  await payment.getByLabel('Pièce justificative').fill('Facture 2026-118')
  await payment.getByLabel(/^Dernier paiement/).check()
  await checkPage(page, 'governance-orders')
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith('/payments') && answer.ok()),
    payment.getByRole('button', { name: 'Enregistrer le paiement' }).click(),
  ])
  await page.goto(`${home}/money/bills`)
  await page.getByText('Émettre un appel de fonds').click()
  await page.getByLabel('Membre', { exact: true }).selectOption({ label: 'Région Grand Est' })
  await page.getByLabel('Émis le', { exact: true }).fill(day(0))
  await page.getByLabel('À régler avant le', { exact: true }).fill(day(30))
  await page.getByRole('button', { name: 'Émettre', exact: true }).click()
  await page.getByText('C’est fait.').first().waitFor()
}

async function seeBill(page: Page, amount: RegExp): Promise<void> {
  await page.goto(`${home}/money/bills`)
  await page.getByRole('cell', { name: amount }).first().waitFor()
  await checkPage(page, 'governance-bills')
}

/** Measures what was expected: the verdict follows. */
async function accept(page: Page, id: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByLabel('Mesuré (%)').fill('99,7')
  await checkPage(page, 'governance-change-delivered')
  await page.getByRole('button', { name: 'Prononcer la recette' }).click()
  await page.getByText('Tous les résultats sont atteints').waitFor()
}

/** Measures less than was expected: what is taken off the price is proposed, then posted; the change is taken back. */
async function reduceAndRollBack(page: Page, writer: Page, id: string, name: string): Promise<void> {
  await page.goto(`${home}/changes/of/${id}`)
  await page.getByLabel('Mesuré (%)').fill('98,2')
  await page.getByRole('button', { name: 'Prononcer la recette' }).click()
  await page.getByText('Un résultat n’est pas atteint').first().waitFor()
  await page.getByLabel('Réfaction en euros').fill('2 345,67')
  await page.getByRole('button', { name: 'Prononcer la recette' }).click()
  await page.getByText(/Des résultats ne sont pas atteints\s: prix réduit de 2\s345,67/).waitFor()
  await checkPage(page, 'governance-change-missed')
  await writer.goto(`${home}/changes/of/${id}`)
  await writer.getByLabel('Note (facultative)').fill('Les anciennes messageries sont rouvertes.')
  await writer.getByRole('button', { name: 'Retirer du service, sans frais' }).click()
  await writer.getByText(/· retirée du service$/).waitFor()
  await checkPage(writer, 'governance-change-rolled-back')

  await page.reload()
  await page.getByRole('link', { name: /^Voir les écritures proposées/ }).click()
  const order = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) })
  const settling = order.locator('details').filter({ hasText: 'Décider de la réfaction' }).first()
  await settling.locator('summary').click()
  await settling.getByLabel('Que faire de cette réfaction ?').selectOption({ label: 'L’inscrire au budget' })
  await checkPage(page, 'governance-reduction-proposed')
  await settling.getByRole('button', { name: 'Enregistrer' }).click()
  await order.getByText(/Réfaction .*2\s345,67.* inscrite/).waitFor()
}

/** Runs the offline verifier, as the public page tells. */
async function verify(file: string, key: string): Promise<{ code: number; content: string; said: string }> {
  const { child, output } = run([join(root, 'server/src/verify-proof.ts'), file, '--key', key], {
    data: inject('data'),
  })
  let content = ''
  child.stdout?.on('data', (chunk: Buffer) => (content += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, content, said: output() }
}
