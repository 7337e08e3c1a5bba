import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import {
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
import { announced, checkPage, openBrowser, readApi, sizes } from './visitor.ts'

// What partners do beside the changes: they vote on a service and on its deliverables, approve minutes, give proxies, let
// others in, leave, pay and are paid, and agree to what a crisis costs. Who leads sits at a desk; the others hold a phone.

const visit = openBrowser()
const service = '/governance/service-numerique'
const serviceApi = '/api/governance/agreements/service-numerique'
const third = { givenName: 'Solène', familyName: 'Landivy' }
const second = { givenName: 'Rachid', familyName: 'Montbrison' }
const coordinator = { givenName: 'Aurélie', familyName: 'Fontvieille' }

/** Tells apart what a test makes from what it made when it was tried before. */
const attempt = () => Date.now().toString(36).slice(-4)

test(
  'an impact dossier is written, voted by the members, and takes the service to its next phase; minutes are approved',
  { timeout: 300_000 },
  async () => {
    const manager = await enter(visit, 'desktop', pilot)
    const member = await enter(visit, 'phone', second)
    const name = `Comité d’investissement (${attempt()})`
    const meetingId = await prepareMeeting(manager, 'investissement', name, day(0), false, service)
    await manager.goto(`${service}/services/1`)
    await manager
      .getByRole('link', { name: /^Dossier n° \d+ en préparation/ })
      .or(manager.getByRole('button', { name: 'Préparer un dossier d’impact' }))
      .first()
      .click()
    await manager.getByRole('heading', { level: 1, name: /^Dossier d’impact n°/ }).waitFor()
    const dossier = new URL(manager.url()).pathname
    const form = manager.locator('details').filter({ hasText: 'Écrire le dossier' })
    if ((await form.getAttribute('open')) === null) await form.locator('summary').first().click()
    await manager.getByLabel('Ce qui a été appris').fill('')
    await manager.getByRole('button', { name: 'Enregistrer une version' }).click()
    await announced(manager, /Version \d+ enregistrée/).waitFor()
    await manager.getByRole('button', { name: /^Remettre la version/ }).click()
    await manager.getByRole('listitem').filter({ hasText: 'Ce qui a été appris' }).first().waitFor()
    await checkBoth(manager, 'governance-dossier-incomplete')

    await manager.getByLabel('Ce qui a été appris').fill('Une liste courte aide plus qu’un graphique.')
    await manager.getByLabel('Ce qui n’a pas été atteint').fill('Le service n’est ouvert à personne.')
    await manager.getByLabel('Budget demandé pour la période suivante').fill('48 000')
    await manager.getByRole('button', { name: 'Enregistrer une version' }).click()
    await announced(manager, /Version \d+ enregistrée/).waitFor()
    await manager.getByLabel(/^Ordre du jour/).selectOption({ label: await optionOf(manager, /^Ordre du jour/, name) })
    await manager.getByRole('button', { name: /^Remettre la version/ }).click()
    await manager.getByText('Ce dossier est à un ordre du jour : il attend son vote.').waitFor()
    await checkBoth(manager, 'governance-dossier-scheduled')

    await manager.goto(`${service}/meetings/${meetingId}`)
    await conveneAndOpen(manager)
    await member.goto(`${service}/meetings/${meetingId}`)
    await member.getByRole('button', { name: /^Rachid MONTBRISON .*arrive$/i }).click()
    await member.getByRole('button', { name: /^Part/ }).waitFor()
    await noteArrivals(manager, ['Fontvieille', 'Landivy', 'Valserine'])
    await member.goto(`${service}/meetings/${meetingId}?view=agenda`)
    await member.getByRole('link', { name: 'Lire le dossier d’impact, parmi les services' }).waitFor()
    await checkPage(member, 'governance-dossier-agenda')

    await manager.goto(`${service}/meetings/${meetingId}/votes`)
    const ballot = await putToVote(manager, /^Mettre aux voix/)
    await member.goto(ballot)
    await member.getByRole('button', { name: 'Pour', exact: true }).click()
    await member.getByText('Vote enregistré : Pour.').waitFor()
    await checkPage(member, 'governance-dossier-ballot')
    const ministry = await enterByCode(
      visit,
      'phone',
      manager,
      { givenName: 'Denis', familyName: 'Valserine' },
      `${serviceApi}/bodies/investissement`,
    )
    await ministry.goto(ballot)
    await ministry.getByRole('button', { name: 'Contre', exact: true }).click()
    await ministry.getByText('Vote enregistré : Contre.').waitFor()
    await sayAloud(manager, 'Université coordinatrice (à nommer)', 'Pour')
    await sayAloud(manager, 'Troisième université (à nommer)', 'Pour')
    await closeBallot(manager)
    await checkBoth(manager, 'governance-dossier-adopted')

    await member.goto(dossier)
    await member.getByText(/^adopté · remis le/).waitFor()
    await member.goto(`${service}/services/1`)
    await member
      .getByText(/^Passe de la phase .+ à la phase /)
      .first()
      .waitFor()
    await checkPage(member, 'governance-service-moved')
    await manager.goto(`${service}/services/1`)
    await checkPage(manager, 'governance-service-moved')

    await closeMeeting(manager, meetingId)
    await member.goto(`${service}/meetings/${meetingId}/minutes`)
    await member.getByText('Version 1, à approuver à la prochaine réunion').waitFor()
    await member.getByLabel('Votre correction').fill('Le ministère a dit pourquoi il vote contre.')
    await member.getByRole('button', { name: 'Demander la correction' }).click()
    await member.getByText('En attente').waitFor()
    await checkPage(member, 'governance-minutes-correction')
    await manager.goto(`${service}/meetings/${meetingId}/minutes`)
    await manager.getByRole('button', { name: 'Prendre en compte' }).click()
    await manager.getByText('Version 2, à approuver à la prochaine réunion').waitFor()

    const next = await prepareMeeting(manager, 'investissement', `${name}, suite`, day(0), false, service)
    await manager.getByText('Ajouter un point', { exact: true }).click()
    await manager.getByLabel('Intitulé').fill('Procès-verbal de la dernière réunion')
    await manager.getByLabel('Nature').selectOption({ label: 'procès-verbal' })
    await manager
      .getByLabel('Réunion', { exact: true })
      .selectOption({ label: await optionOf(manager, 'Réunion', name) })
    await manager.getByRole('button', { name: 'Ajouter le point' }).click()
    await manager.getByRole('heading', { level: 3, name: 'Procès-verbal de la dernière réunion' }).waitFor()
    await conveneAndOpen(manager)
    await manager.goto(`${service}/meetings/${next}?view=agenda`)
    await manager.getByRole('button', { name: 'Approuver le procès-verbal' }).click()
    await manager.getByText('Procès-verbal approuvé').waitFor()
    await checkBoth(manager, 'governance-minutes-approving')
    await closeMeeting(manager, next)

    await member.goto(`${service}/meetings/${meetingId}/minutes`)
    await member.getByText(/^Approuvé le .+ Il ne change plus\.$/).waitFor()
    await member.getByText('Le ministère a dit pourquoi il vote contre.').first().waitFor()
    await checkPage(member, 'governance-minutes-approved')
    await manager.goto(`${service}/meetings/${meetingId}/minutes`)
    await checkPage(manager, 'governance-minutes-approved')
    const [file] = await Promise.all([
      member.waitForEvent('download'),
      member.getByRole('link', { name: 'Télécharger en PDF' }).click(),
    ])
    expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe('%PDF-')
  },
)

test(
  'a steering committee where a member votes by proxy: the list of deliverables, a university that joins, new shares',
  { timeout: 300_000 },
  async () => {
    const tried = attempt()
    const manager = await enter(visit, 'desktop', pilot)
    await allowProxies(manager)
    const name = `Comité de pilotage (${tried})`
    const meetingId = await prepareMeeting(manager, 'copil', name, day(0), false, service)

    // The list, from the draft.
    await manager.goto(`${service}/deliverables/draft`)
    await manager.getByRole('heading', { level: 1, name: 'Liste des livrables : brouillon' }).waitFor()
    await manager.getByLabel('Hors du périmètre').fill(`Notation\nEmploi du temps\nMessagerie (${tried})`)
    await manager.getByRole('button', { name: 'Enregistrer le brouillon' }).click()
    await manager.getByRole('heading', { level: 1, name: 'Livrables' }).waitFor()
    await manager.getByLabel(/^Réunion \(/).selectOption({ label: await optionOf(manager, /^Réunion \(/, name) })
    await manager.getByRole('button', { name: 'Mettre à l’ordre du jour' }).click()
    await manager.getByText('La liste attend son vote.').waitFor()
    await checkBoth(manager, 'governance-list-scheduled')

    // A university that asks to join.
    const newcomer = `Université du Littoral ${tried}`
    await askToJoin(manager, { name: newcomer, key: `universite-${tried}`, kind: 'université', meeting: name }, service)
    await checkBoth(manager, 'governance-joining')

    // An order, paid; new shares of it are proposed, and a price reduction beside them.
    const order = `Hébergement ${tried}`
    await makeOrder(manager, order, '1 000')
    const item = orderItem(manager, order)
    await payOrder(item, '1 000')
    await fillAct(item, 'Proposer une régularisation, à faire voter', 'Proposer', {
      Motif: `Coût final ${tried}`,
      'Clé de répartition': 'Tous les membres, à parts égales',
      'Coût final, s’il a changé (facultatif)': '960',
      'Date d’effet': day(0),
    })
    await item.getByText(/Régularisation «\sCoût final/).waitFor()
    await fillAct(item, 'Proposer une réfaction', 'Proposer', {
      Motif: 'Résultats non atteints',
      Montant: '200',
      'Date d’effet': day(0),
    })
    await item.getByText(/Réfaction «\sRésultats non atteints\s»/).waitFor()
    // What is to be voted stays as it was proposed until the vote.
    await fillAct(item, 'Décider de la réfaction', 'Enregistrer', {
      'Que faire de cette réfaction ?': 'L’inscrire au budget',
    })
    await item.getByText('Une régularisation de cette commande attend son vote').waitFor()
    await checkBoth(manager, 'governance-reduction-refused')
    await manager.goto(`${service}/meetings/${meetingId}`)
    await manager.getByText('Ajouter un point', { exact: true }).click()
    await manager.getByLabel('Nature').selectOption({ label: 'décision' })
    await manager
      .getByLabel('Sur quoi porte la décision')
      .selectOption({ label: await optionOf(manager, 'Sur quoi porte la décision', `Coût final ${tried}`) })
    await manager.getByRole('button', { name: 'Ajouter le point' }).click()
    await manager.getByRole('heading', { level: 3, name: `Coût final ${tried}` }).waitFor()
    await manager.getByRole('button', { name: 'Convoquer la réunion' }).click()
    await manager.getByRole('button', { name: 'Convoquer quand même' }).click()
    await manager.getByRole('button', { name: 'Ouvrir la réunion' }).waitFor()

    // Who cannot come gives a proxy, before the meeting.
    const absent = await enter(visit, 'phone', second)
    await absent.goto(`${service}/meetings/${meetingId}`)
    await absent.getByRole('button', { name: 'Je ne viens pas' }).click()
    await absent.getByRole('link', { name: 'Donner pouvoir à un autre membre' }).click()
    await absent.getByText('Donner un pouvoir', { exact: true }).click()
    await absent.getByLabel('À', { exact: true }).selectOption({ label: 'Université coordinatrice (à nommer)' })
    await absent.getByRole('button', { name: 'Donner ce pouvoir' }).click()
    await absent.getByRole('button', { name: /^Retirer le pouvoir/ }).waitFor()
    await checkPage(absent, 'governance-proxy-given')

    await manager.getByRole('button', { name: 'Ouvrir la réunion' }).click()
    await manager.getByRole('heading', { name: 'Présences' }).waitFor()
    await noteArrivals(manager, ['Fontvieille', 'Landivy'])
    await manager.getByText('Représenté par Université coordinatrice (à nommer)').waitFor()
    await checkBoth(manager, 'governance-proxy-register')

    const holder = await enterByCode(visit, 'phone', manager, coordinator, `${serviceApi}/bodies/copil`)
    for (const title of ['Liste des livrables', newcomer, `Coût final ${tried}`]) {
      await manager.goto(`${service}/meetings/${meetingId}/votes`)
      const ballot = await putToVote(manager, new RegExp(`^Mettre aux voix : ${title}`))
      await holder.goto(ballot)
      const own = holder.getByRole('region', { name: 'Vous votez pour Université coordinatrice (à nommer)' })
      const proxy = holder.getByRole('region', { name: 'Vous votez pour Deuxième université (à nommer)' })
      await proxy.getByText('par pouvoir').waitFor()
      for (const vote of [own, proxy]) {
        await vote.getByRole('button', { name: 'Pour', exact: true }).click()
        await vote.getByText('Vote enregistré : Pour.').waitFor()
      }
      if (title === newcomer) await checkPage(holder, 'governance-proxy-ballot')
      await sayAloud(manager, 'Troisième université (à nommer)', 'Contre')
      await closeBallot(manager)
      // Two of three, one of them by proxy.
      await manager.getByText('Pour : 2 voix').first().waitFor()
    }
    await manager
      .getByRole('row')
      .filter({ hasText: 'par pouvoir, Université coordinatrice' })
      .getByText('Pour')
      .waitFor()
    await checkBoth(manager, 'governance-proxy-ballot-closed')
    await closeMeeting(manager, meetingId)
    await manager.goto(`${service}/meetings/${meetingId}/minutes`)
    await manager.getByText('pouvoir donné à Université coordinatrice (à nommer)').waitFor()
    await checkBoth(manager, 'governance-proxy-minutes')

    // What each vote did.
    await absent.goto(`${service}/deliverables`)
    await absent.getByRole('link', { name: 'Guide de l’enseignant' }).waitFor()
    await absent.getByText(`Messagerie (${tried})`).waitFor()
    await checkPage(absent, 'governance-list-in-force')
    await manager.goto(`${service}/deliverables`)
    await manager.getByText('Adoptée').first().waitFor()
    await checkPage(manager, 'governance-list-in-force')

    await manager.goto(`${service}/members`)
    const signing = manager.getByRole('form', { name: `Signature de l’avenant : ${newcomer}` })
    await signing.getByLabel('Membre à partir du').fill(day(400))
    await signing.getByRole('button', { name: 'Signer l’avenant' }).click()
    await manager.getByRole('row').filter({ hasText: newcomer }).filter({ hasText: 'membre à partir du' }).waitFor()
    await checkBoth(manager, 'governance-members-joined')

    // The new shares are posted; the reduction then takes its part of each.
    await manager.goto(`${service}/money/orders`)
    await item.getByText(/Régularisation «\sCoût final .* adoptée/).waitFor()
    await fillAct(item, 'Décider de la réfaction', 'Enregistrer', {
      'Que faire de cette réfaction ?': 'L’inscrire au budget',
    })
    await item.getByText(/Réfaction «\sRésultats non atteints\s».*inscrite/).waitFor()
    await item.getByText(/^4 parts$/).click()
    await checkBoth(manager, 'governance-reduction-posted')
    await absent.goto(`${service}/money/part`)
    await absent.getByRole('heading', { name: new RegExp(order) }).waitFor()
    await checkPage(absent, 'governance-reduction-part')
  },
)

test('an advance is received and spent, staff time is claimed and paid; all is in the balance', async () => {
  const tried = attempt()
  const manager = await enter(visit, 'desktop', pilot)
  const member = await enter(visit, 'phone', second)
  const balance = await readBank(manager)

  await manager.goto(`${service}/money/advances`)
  const label = `Avance du ministère ${tried}`
  await fillAct(manager, 'Nouvelle avance', 'Enregistrer', {
    'Partie qui avance': 'Ministère (à nommer)',
    Libellé: label,
    'Premier versement': '10 000',
    'Attendu le': day(0),
    'Second versement (facultatif)': '5 000',
    'Second versement attendu le (facultatif)': day(60),
  })
  const advance = manager.locator('section').filter({ has: manager.getByRole('heading', { level: 2, name: label }) })
  await advance.waitFor()
  await fillAct(advance, 'Engager une dépense', 'Engager', {
    Poste: 'Développement',
    Jours: '4,5',
    'Prix du jour': '600',
    'Marge en pour cent': '10',
    'Pièce justificative': 'Facture 2026-7',
    'Date d’effet': day(0),
  })
  // 4.5 × 600 × 1.10
  const expense = advance.getByRole('row').filter({ hasText: 'Développement' })
  await expense.getByText(/2\s970,00\s€/).waitFor()
  await fillAct(advance, 'Payer ou refuser une dépense', 'Enregistrer', {
    Dépense: /Développement/,
    Décision: 'Payer',
    'Date d’effet': day(0),
  })
  await advance.getByText('Les versements reçus ne suffisent pas pour cette dépense.').waitFor()
  await checkBoth(manager, 'governance-advance-not-received')
  await fillAct(advance, 'Enregistrer un versement reçu', 'Enregistrer', { Versement: /10\s000/, 'Reçu le': day(0) })
  await advance.getByText(/reçu le/).waitFor()
  await fillAct(advance, 'Payer ou refuser une dépense', 'Enregistrer', {
    Dépense: /Développement/,
    Décision: 'Payer',
    'Date d’effet': day(0),
  })
  await expense.getByText('payée').waitFor()
  await fillAct(advance, 'Rendre ce qui n’est pas dépensé', 'Rendre et clore', { 'Date d’effet': day(0) })
  await advance.getByText(/^Close le/).waitFor()
  await checkBoth(manager, 'governance-advance-closed')
  expect(await readBank(manager)).toBe(balance)

  // The half-year of a claim is one that none covers yet.
  await member.goto(`${service}/money/staff`)
  await fillAct(member, 'Demander l’accord pour un déplacement ou des frais exceptionnels', 'Demander l’accord', {
    Partie: 'Deuxième université (à nommer)',
    Nature: 'déplacement',
    Libellé: `Réunion ${tried}`,
    Montant: '150',
  })
  await member.getByText(new RegExp(`Réunion ${tried} .*accord demandé`)).waitFor()
  await manager.goto(`${service}/money/staff`)
  await fillAct(manager, 'Répondre à une demande d’accord', 'Enregistrer', {
    Demande: new RegExp(`Réunion ${tried}`),
    Décision: 'Donner son accord',
  })
  await manager.getByText(new RegExp(`Réunion ${tried} .*accord donné`)).waitFor()
  await member.reload()
  const { claims } = await readApi<{ claims: { party: string }[] }>(member, `${serviceApi}/money/claims`)
  const month = 1 + 6 * (claims.length % 2)
  const startsOn = `${2026 - Math.floor(claims.length / 2)}-0${month}-01`
  await fillAct(member, 'Demander la prise en charge d’une période', 'Envoyer la demande', {
    Partie: 'Deuxième université (à nommer)',
    'Premier jour de la période': startsOn,
    'Agent 1': 'Ingénieure pédagogique',
    'Agent 1 : quotité en pour cent': '20',
    'Agent 1 : coût annuel chargé': '48 000',
    'Agent 1 : mois': '6',
    [`Réunion ${tried} · 150,00 €`]: true,
  })
  await member
    .getByText(/à approuver/)
    .first()
    .waitFor()
  await checkPage(member, 'governance-claim-submitted')
  await manager.reload()
  const claim = manager
    .locator('section')
    .filter({ has: manager.getByText(/· à approuver$/) })
    .first()
  // 20 % × 48,000 × 6/12 = 4,800, and 8 % of it, and the journey.
  await claim.getByText(/5\s334,00\s€/).waitFor()
  const number = (await claim.getByRole('heading', { level: 2 }).innerText()).split(' · ')[0] ?? ''
  await fillAct(claim, 'Décider de la demande', 'Enregistrer', { Décision: 'Approuver', 'Date d’effet': day(0) })
  const same = manager.locator('section').filter({ has: manager.getByRole('heading', { level: 2, name: number }) })
  await same.getByText(/· approuvée$/).waitFor()
  await checkBoth(manager, 'governance-claim-approved')
  await fillAct(same, 'Décider de la demande', 'Enregistrer', { Décision: 'Payer', 'Date d’effet': day(0) })
  await same.getByText(/· payée$/).waitFor()
  // 2,970 of the advance stay received and spent; the claim is paid out of what the holder has.
  expect(await readBank(manager)).toBe(balance - 533_400n)
  await checkBoth(manager, 'governance-balance-paid')
  await manager.goto(`${service}/money/entries`)
  await manager.getByText('Contribution payée').first().waitFor()
  await checkBoth(manager, 'governance-entries-paid')
})

test('a member reads what it still owes and what its leaving changes, then gives its notice', async () => {
  const tried = attempt()
  const manager = await enter(visit, 'desktop', pilot)
  await makeOrder(manager, `Assistance ${tried}`, '2 000')
  const { members, acts } = await readApi<{ members: { party: string }[]; acts: { party: string }[] }>(
    manager,
    `${serviceApi}/membership`,
  )
  // One that has not given its notice yet.
  const leaves = ['universite-3', 'ministere'].find((party) => !acts.some((act) => act.party === party))
  expect(members.some(({ party }) => party === leaves)).toBe(true)
  const [who, name] =
    leaves === 'universite-3'
      ? [third, 'Troisième université (à nommer)']
      : [{ givenName: 'Denis', familyName: 'Valserine' }, 'Ministère (à nommer)']
  const member = await enterByCode(visit, 'phone', manager, who, `${serviceApi}/bodies/copil`)
  await member.goto(`${service}/members`)
  await member.getByLabel('Membre', { exact: true }).selectOption({ label: name })
  await member.getByText(/6 mois de préavis/).waitFor()
  const owed = member.getByRole('row').filter({ hasText: 'Engagements mutualisés' })
  await owed.getByText(/[1-9]\s?\d*,\d\d\s€/).waitFor()
  await member.getByRole('row').filter({ hasText: 'dû par le membre' }).waitFor()
  await checkPage(member, 'governance-departure')
  await member.getByLabel('Motif, courrier reçu').fill('Nous créons notre propre service.')
  await member.getByLabel('J’ai lu ce que ce départ change').check()
  await member.getByRole('button', { name: 'Enregistrer ce départ' }).dblclick()
  await announced(member, /^Départ enregistré\s: dernier jour/).waitFor()
  await member.getByRole('row').filter({ hasText: 'Retrait' }).getByText('enregistré, dernier jour').first().waitFor()
  await checkPage(member, 'governance-departure-recorded')
  await manager.goto(`${service}/members?party=${leaves}`)
  await manager.getByText(/6 mois de préavis/).waitFor()
  await checkPage(manager, 'governance-departure-recorded')
  const after = await readApi<{ acts: { party: string; kind: string }[] }>(manager, `${serviceApi}/membership`)
  expect(after.acts.filter(({ party, kind }) => party === leaves && kind === 'leaving')).toHaveLength(1)
})

test('the crisis body decides at once, once; it spends for a member what that member agreed to, and no more', async () => {
  const measure = `Fermeture de la messagerie (${attempt()})`
  const manager = await enter(visit, 'desktop', pilot)
  await manager.goto(`${home}/changes/crises`)
  await manager.getByLabel('Objet').fill(measure)
  await manager.getByLabel('Mesure décidée').fill('La messagerie est fermée jusqu’à nouvel ordre.')
  await manager.getByRole('button', { name: 'Décider et informer toutes les parties' }).dblclick()
  await announced(manager, /^Décision .+ enregistrée\. \d+ personnes informées\.$/).waitFor()
  const decided = (page: Page) =>
    page.locator('section').filter({ has: page.getByRole('heading', { level: 2, name: measure }) })
  await decided(manager).waitFor()
  expect(await decided(manager).count()).toBe(1)

  // No cost without consent.
  await addCost(decided(manager), /^Région Grand Est/, 'Astreinte du week-end', '300')
  await decided(manager)
    .getByText(/^Refusé \(article 8\)/)
    .waitFor()
  await checkBoth(manager, 'governance-crisis-refused')

  const member = await enter(visit, 'phone', region)
  await member.goto(`${home}/changes/crises`)
  const own = decided(member)
  await own.getByRole('button', { name: 'J’en ai pris connaissance' }).click()
  await own.getByRole('button', { name: 'J’en ai pris connaissance' }).waitFor({ state: 'detached' })
  await own.getByText('Donner l’accord de : Région Grand Est').click()
  await own.getByLabel('Montant en euros').first().fill('beaucoup')
  await own.getByRole('button', { name: 'Donner cet accord' }).click()
  await own.getByText('Un montant en euros, comme').waitFor()
  await own.getByLabel('Montant en euros').first().fill('500')
  await own.getByRole('button', { name: 'Donner cet accord' }).click()
  await own.getByText(/^Accord enregistré\s: 500,00\s€ au plus\.$/).waitFor()
  await own.locator('summary').filter({ hasText: 'Qui est informé, qui a donné son accord' }).click()
  await checkPage(member, 'governance-crisis-consent')

  await manager.reload()
  await addCost(decided(manager), /^Région Grand Est, accord\s: 500,00\s€$/, 'Astreinte du week-end', '300')
  await decided(manager).getByText('Coût engagé.').waitFor()
  await addCost(decided(manager), /^Région Grand Est/, 'Seconde astreinte', '200,01')
  await decided(manager)
    .getByText(/^Refusé \(article 8\)/)
    .waitFor()
  const costs = decided(manager).getByRole('table', { name: 'Coûts engagés' })
  await costs.getByText(/300,00\s€/).waitFor()
  expect(await costs.getByText('Seconde astreinte').count()).toBe(0)
  await checkBoth(manager, 'governance-crisis-spent')
  await member.goto(`${home}/money/part`)
  await member
    .getByRole('heading', { name: /Astreinte du week-end$/ })
    .first()
    .waitFor()
  await checkPage(member, 'governance-crisis-part')
})

/** Looks at a page of who sits at a desk, and as it would be on a phone. */
async function checkBoth(page: Page, name: string): Promise<void> {
  await checkPage(page, name)
  await page.setViewportSize(sizes.phone)
  await checkPage(page, name)
  await page.setViewportSize(sizes.desktop)
}

/** The words of an option of a field that hold others. */
async function optionOf(page: Page, field: RegExp | string, words: string): Promise<string> {
  const label = page.getByLabel(field, typeof field === 'string' ? { exact: true } : {})
  return label.locator('option').filter({ hasText: words }).first().innerText()
}

async function closeMeeting(page: Page, id: string): Promise<void> {
  await page.goto(`${service}/meetings/${id}`)
  await page.getByRole('button', { name: 'Clore la réunion' }).click()
  await page.getByRole('button', { name: 'Clore et écrire le procès-verbal' }).click()
  await page.getByRole('link', { name: 'Procès-verbal', exact: true }).waitFor()
}

/** A version of the agreement in which a member of the steering committee may stand for another. */
async function allowProxies(page: Page): Promise<void> {
  await page.goto(`${service}/bodies/copil`)
  const known = page.getByText('Une partie reçoit 1 pouvoir au plus.')
  await page.getByText(/pouvoir au plus\.|Pas de pouvoir/).waitFor()
  if (await known.isVisible()) return
  await page.goto(`${service}/agreement/amend?view=text`)
  const text = page.getByLabel('Le texte de la convention')
  await text.waitFor()
  await text.fill((await text.inputValue()).replace('proxies: null', 'proxies: { mostReceived: 1 }'))
  await page.getByText('Rien à corriger. 1 règle change.').waitFor()
  await page.getByLabel('Motif de l’avenant').fill('Les pouvoirs entrent au comité de pilotage.')
  await page.getByRole('radio', { name: 'Enregistrer tout de suite' }).check()
  await checkBoth(page, 'governance-amend-proxies')
  await page.getByRole('button', { name: /^Enregistrer la version/ }).click()
  await page.waitForURL((url) => !url.pathname.endsWith('/amend'))
  await page.goto(`${service}/bodies/copil`)
  await known.waitFor()
}

type Answers = Record<string, string | RegExp | true>

/** Fills in an act about money, and sends it. */
async function fillAct(within: Page | Locator, title: string, submit: string, answers: Answers): Promise<void> {
  const page = 'page' in within ? within.page() : within
  const summary = page.locator('summary').filter({ hasText: new RegExp(`^${title.replaceAll(/[.()?]/g, '\\$&')}$`) })
  const act = within.locator('details').filter({ has: summary }).last()
  if ((await act.getAttribute('open')) === null) await act.locator('summary').click()
  for (const [label, answer] of Object.entries(answers)) {
    const field = act.getByLabel(label, { exact: true })
    if (answer === true) await field.check()
    else if ((await field.evaluate((each) => each.tagName)) === 'SELECT') {
      const option = field.locator('option').filter({ hasText: answer }).first()
      await field.selectOption({ label: await option.innerText() })
    } else await field.fill(String(answer))
  }
  await act.getByRole('button', { name: submit, exact: true }).click()
}

async function makeOrder(page: Page, label: string, amount: string): Promise<void> {
  await page.goto(`${service}/money/orders`)
  await fillAct(page, 'Nouvelle commande', 'Commander', {
    Libellé: label,
    Montant: amount,
    'Clé de répartition': 'Tous les membres, à parts égales',
    'Date d’effet': day(0),
  })
  await orderItem(page, label).waitFor()
}

const orderItem = (page: Page, label: string): Locator =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name: new RegExp(`${label}$`) }) })

async function payOrder(order: Locator, amount: string): Promise<void> {
  await fillAct(order, 'Payer, en tout ou partie', 'Enregistrer le paiement', {
    Montant: amount,
    'Date d’effet': day(0),
    'Pièce justificative': 'Facture 2026-31',
    'Dernier paiement : le reste engagé est rendu': true,
  })
  await order.getByText(/· soldée ·/).waitFor()
}

/** What the holder of the service's money has, in cents. */
async function readBank(page: Page): Promise<bigint> {
  await page.goto(`${service}/money`)
  const figure = page.getByText(/^En caisse chez/).locator('xpath=following-sibling::dd')
  await figure.waitFor()
  return BigInt((await figure.innerText()).replaceAll(/[^\d-−]/g, '').replace('−', '-'))
}

async function addCost(crisis: Locator, payer: RegExp, label: string, amount: string): Promise<void> {
  const act = crisis.locator('details').filter({ hasText: 'Ajouter un coût' })
  if ((await act.getAttribute('open')) === null) await act.locator('summary').click()
  const choice = act.getByLabel('Partie')
  await choice.selectOption({ label: await choice.locator('option').filter({ hasText: payer }).first().innerText() })
  await act.getByLabel('Ce qui est payé').fill(label)
  await act.getByLabel('Montant en euros').fill(amount)
  await act.getByRole('button', { name: 'Ajouter ce coût' }).click()
}
