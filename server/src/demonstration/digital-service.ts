import type { Tx } from '#kernel/postgres'
import { beginDossier, registerService, saveDeliverableList, type Standing } from '#modules/governance'

const unread = { value: null, measuredOn: null, source: '' }
const nothingMeasured = { startingPoint: null, ...unread }

/**
 * A public digital service as it begins: its first impact dossier and its list of deliverables are written and await their
 * votes. All is invented, and nothing was measured, which the dossier says.
 */
export async function beginDigitalService(tx: Tx, standing: Standing, now: Date): Promise<void> {
  const { services, deliverables } = standing.agreement.rules
  const [phase] = services?.phases ?? []
  if (!phase || !deliverables) throw new Error('The agreement of the demonstration lacks services or deliverables.')
  const { number } = await registerService(
    tx,
    standing,
    {
      name: 'Tableau de bord pédagogique (démonstration)',
      purpose: 'Que chaque étudiant sache où il en est, et que son enseignant le sache avant le prochain cours.',
      audience: 'Étudiants, enseignants et responsables de formation des établissements pilotes.',
      owner: 'universite-1',
      beganOn: standing.today,
      phase: phase.key,
    },
    now,
  )
  await beginDossier(
    tx,
    standing,
    number,
    {
      problem: 'Un décrochage se voit souvent à l’examen, trop tard pour aider.',
      audience: 'Étudiants de première année et leurs enseignants.',
      measures: [
        {
          name: 'Étudiants qui ouvrent leur tableau chaque mois',
          unit: '% des inscrits',
          target: '50',
          ...nothingMeasured,
        },
        {
          name: 'Besoins d’aide suivis d’un échange dans la semaine',
          unit: '% des signalements',
          target: '60',
          ...nothingMeasured,
        },
      ],
      users: unread,
      orders: [],
      learned:
        'Entretiens avec des enseignants de trois formations : ils veulent une liste courte, pas un graphique de plus.',
      notReached: 'Rien n’a encore été mesuré : le service n’est ouvert à personne.',
      budgetCents: '4800000',
      proposal: {
        kind: 'continue',
        phase: services?.phases[1]?.key ?? phase.key,
        why: 'Le problème est confirmé par les entretiens ; il faut essayer avec de vrais groupes.',
      },
    },
    now,
  )
  const year = Number(standing.today.slice(0, 4)) + 1
  const both = { pilots: ['universite-2', 'universite-3'], receivers: ['universite-2', 'universite-3'] }
  await saveDeliverableList(
    tx,
    standing,
    {
      revision: 0,
      content: {
        perimeter: {
          included: ['Tableaux de l’étudiant, de l’enseignant et du responsable de formation', 'Entrepôt de traces'],
          excluded: ['Notation', 'Emploi du temps'],
        },
        deliverables: [
          {
            key: 'tableaux',
            title: 'Tableaux de bord',
            what: 'Les pages de l’étudiant, de l’enseignant et du responsable de formation, dans la plateforme de cours.',
            kind: 'software',
            owner: 'titulaire',
            dueOn: `${year}-01-31`,
            criteria: [
              {
                what: 'S’ouvrent vite',
                measure: 'moins de 2 secondes pour 19 ouvertures sur 20, relevées pendant l’essai',
              },
              { what: 'Se lisent au lecteur d’écran', measure: 'audit RGAA sans anomalie bloquante' },
            ],
            ...both,
          },
          {
            key: 'guide',
            title: 'Guide de l’enseignant',
            what: 'Ce que dit chaque indicateur, ce qu’il ne dit pas, et ce qu’on peut faire.',
            kind: 'documentation',
            owner: 'universite-1',
            dueOn: `${year}-03-31`,
            criteria: [
              { what: 'Compris sans aide', measure: 'cinq enseignants sur six trouvent la réponse à trois questions' },
            ],
            ...both,
          },
          {
            key: 'formation',
            title: 'Formation des équipes',
            what: 'Deux demi-journées par établissement : installer, suivre, aider.',
            kind: 'training',
            owner: 'titulaire',
            dueOn: `${year}-06-30`,
            criteria: [{ what: 'Les équipes sont autonomes', measure: 'une mise à jour faite sans le titulaire' }],
            ...both,
          },
        ],
      },
    },
    now,
  )
}
