import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { paths } from '../../paths.ts'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Icon } from '../../ui/icons.tsx'
import { type Change, useNames } from './changes.ts'
import { Cited } from './cited.tsx'
import { useAgreement, useAgreementSlug } from './governance.ts'

type PathStage = Change['path'][number]
type Stage = Omit<Partial<PathStage>, 'kind'> & { kind: PathStage['kind'] | 'order' | 'deliver' | 'accept' }

const beforeVote = ['requested', 'qualified', 'submitted', 'advised', 'scheduled']
/** States of a change that was adopted, in their order. */
const afterVote = ['adopted', 'ordered', 'delivered', 'accepted', 'reduced']
const acts = ['order', 'deliver', 'accept'] as const
const taken = {
  qualification: 'qualify',
  sheet: 'submitSheet',
  opinion: 'giveOpinion',
  preparation: '',
  vote: 'vote',
  assembly: '',
  order: 'order',
  deliver: 'deliver',
  accept: 'accept',
}

/** Every stage of the way of a change; nothing for one that goes no further. */
function listStages({ path, state }: Pick<Change, 'path' | 'state'>): Stage[] {
  const after = afterVote.indexOf(state)
  if (beforeVote.includes(state)) return path.length === 0 ? [] : [...path, ...acts.map((kind) => ({ kind }))]
  if (after === -1) return []
  return [
    ...path
      .filter(({ kind }) => kind !== 'preparation' && kind !== 'assembly')
      .map((stage) => ({ ...stage, done: true })),
    ...acts.map((kind, place) => ({ kind, done: after > place })),
  ]
}

/** The way of a change from its request to its acceptance: what was done and when, what comes at the earliest. */
export function ChangePath({ change }: { change: Change }) {
  const { t } = useTranslation('changes')
  const format = useFormat()
  const { data: agreement } = useAgreement()
  const stages = listStages(change)
  if (stages.length === 0) return null
  const now = stages.findIndex(({ done }) => !done)
  const doneOn = ({ kind }: Stage) => change.steps.findLast(({ step }) => step === taken[kind])?.at
  return (
    <Section hint={beforeVote.includes(change.state) ? t('path.hint') : undefined} title={t('path.title')}>
      <ol className="course">
        {stages.map((stage, place) => {
          const { kind, body = null, done = false, earliest, latest = null, article, interpretation } = stage
          const on = done ? (doneOn(stage) ?? (body === null ? undefined : earliest)) : earliest
          return (
            <li
              aria-current={place === now ? 'step' : undefined}
              className={done ? 'course-done' : place === now ? 'course-now' : undefined}
              key={`${kind} ${body}`}
            >
              <span className="course-mark">
                {done && <Icon name="check" size={16} />}
                {done && <span className="visually-hidden">{t('path.done')}</span>}
              </span>
              <div>
                <p className="course-name">
                  <StageName body={body} kind={kind} />
                  {!done && <Planned stage={stage} />}
                </p>
                {on !== undefined && (
                  <p className="small">
                    {done
                      ? format.day(on)
                      : on === agreement?.today
                        ? t('path.atOnce')
                        : t('path.from', { day: format.day(on) })}
                  </p>
                )}
                {latest !== null && !done && (
                  <p className="small quiet">{t('path.until', { day: format.day(latest) })}</p>
                )}
                {article !== undefined && <Cited article={article} interpretation={interpretation} />}
              </div>
            </li>
          )
        })}
      </ol>
    </Section>
  )
}

function StageName({ kind, body }: { kind: Stage['kind']; body: string | null }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  return <>{t(`path.kinds.${kind}`, { body: body === null ? '' : names.body(body) })}</>
}

/** Whether the meeting of a stage is planned, with the way to it or to the body that is to be convened. */
function Planned({ stage: { body, meetingId } }: { stage: Stage }) {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  if (typeof body !== 'string') return null
  return (
    <Link
      className="course-link small"
      to={meetingId ? paths.governanceMeeting(slug, meetingId) : paths.governanceBody(slug, body)}
    >
      {meetingId ? t('path.planned') : t('path.toPlan')}
    </Link>
  )
}
