import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { paths } from '../../paths.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { ChangeAct } from './change-acts.tsx'
import { ChangeParts } from './change-parts.tsx'
import { ChangePath } from './change-path.tsx'
import { SheetView } from './change-sheet.tsx'
import { Acceptance, Opinions } from './change-verdicts.tsx'
import { type Change, changeQuery, listAwaited, useNames } from './changes.ts'
import { Cited } from './cited.tsx'
import { GovernancePage } from './governance-page.tsx'
import { useAgreementSlug } from './governance.ts'
import './change-page.css'

/** One change: what to do now, the way to its vote, who pays, its sheet, its opinions, and what was done. */
export function ChangePage() {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const { id = '' } = useParams()
  const { data, error, refetch } = useQuery(changeQuery(slug, id))
  return (
    <GovernancePage
      back={{ to: paths.governanceChanges(slug), label: t('title') }}
      busy={!data && !error}
      lead={data && `${t('number', { number: data.number })} · ${t(`states.${data.state}`)}`}
      title={data?.title ?? t('change')}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={6} />}
      {data && (
        <>
          <p className="measure change-need">{data.need}</p>
          <Qualification change={data} />
          <NextActs change={data} />
          <Acceptance change={data} />
          <ChangePath change={data} />
          {data.structuring !== null && <ChangeParts change={data} />}
          <SheetView change={data} />
          <Opinions change={data} />
          <History change={data} />
        </>
      )}
    </GovernancePage>
  )
}

function Qualification({ change: { qualification, requestedBy } }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  return (
    <dl className="facts measure">
      <div>
        <dt>{t('by')}</dt>
        <dd>{names.party(requestedBy)}</dd>
      </div>
      {qualification && (
        <div>
          <dt>{t('qualify.title2')}</dt>
          <dd>
            <strong>{qualification.structuring ? t('qualify.is') : t('qualify.isNot')}</strong>
            {qualification.because.length > 0 && (
              <span>
                {t('qualify.because', {
                  reasons: format.list(qualification.because.map((answer) => t(`qualify.${answer}`).toLowerCase())),
                })}
              </span>
            )}
            <Cited article={qualification.article} />
            {qualification.separableTo && (
              <span>{t('qualify.limited', { party: names.party(qualification.separableTo) })}</span>
            )}
          </dd>
        </div>
      )}
    </dl>
  )
}

/** Steps that one may take any time, after those the change waits for. */
const late = ['reviseSheet', 'withdraw']

function NextActs({ change }: { change: Change }) {
  const { t } = useTranslation('changes')
  const slug = useAgreementSlug()
  const format = useFormat()
  const yours = change.next.filter(({ yours: mine }) => mine)
  const others = listAwaited(change).filter(({ yours: mine }) => !mine)
  const isLate = ({ step }: Change['next'][number]) =>
    late.includes(step) || (step === 'qualify' && change.qualification !== null)
  const item = change.agenda.find(({ decisionId }) => decisionId === null)
  if (change.next.length === 0) return <Notice kind="info" title={t('page.over')} />
  return (
    <Section title={t('page.now')}>
      {item && (
        <Notice kind="info" title={t('page.waitVote')}>
          <p>
            <Link to={paths.governanceVotes(slug, item.meetingId)}>
              {t('page.toVote')} : {item.meeting}, {format.dateTime(item.startsAt)}
            </Link>
          </p>
        </Notice>
      )}
      {others.length > 0 && (
        <Notice kind="info" title={t('page.others')}>
          <ul>
            {others.map(({ step, by }) => (
              <li key={step}>
                {t('waiting', { step: t(`steps.${step}`), who: format.list(by.map((taker) => t(`takers.${taker}`))) })}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {yours
        .filter(({ step }) => !(step === 'schedule' && item))
        .toSorted((one, other) => Number(isLate(one)) - Number(isLate(other)))
        .map(({ step }) => (
          <ChangeAct change={change} key={`${step} ${change.steps.length}`} step={step} />
        ))}
    </Section>
  )
}

function History({ change }: { change: Change }) {
  const { t } = useTranslation('changes')
  const names = useNames()
  const format = useFormat()
  return (
    <Section title={t('page.history')}>
      <Table
        caption={t('page.history')}
        head={
          <tr>
            <th scope="col">{t('page.step')}</th>
            <th scope="col">{t('page.when')}</th>
            <th scope="col">{t('page.who')}</th>
            <th scope="col">{t('page.note')}</th>
          </tr>
        }
        stacked
      >
        {change.steps.map(({ step, at, party, note, state, version }, place) => (
          <tr key={`${step} ${at} ${party}`}>
            <th scope="row">
              {t(`steps.${step as Change['next'][number]['step'] | 'request' | 'vote'}`)}
              <br />
              <span className="small quiet">{t(`states.${state}`)}</span>
            </th>
            <td data-label={t('page.when')}>
              <div>
                {format.dateTime(at)}
                {version !== change.steps[place - 1]?.version && (
                  <>
                    <br />
                    <span className="small quiet">{t('page.version', { version })}</span>
                  </>
                )}
              </div>
            </td>
            <td data-label={t('page.who')}>
              <div>{party ? names.party(party) : '–'}</div>
            </td>
            <td data-label={t('page.note')}>
              <div>{note || '–'}</div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}
