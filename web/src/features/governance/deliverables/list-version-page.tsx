import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { paths } from '../../../paths.ts'
import { Failure } from '../../../shell/failure.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Badge } from '../../../ui/badge.tsx'
import { SkeletonRows } from '../../../ui/skeleton.tsx'
import { Table } from '../../../ui/table.tsx'
import { useNames } from '../changes.ts'
import { GovernancePage } from '../governance-page.tsx'
import { useAgreementSlug } from '../governance.ts'
import { type Changes, changeTones, type Definition, type ListVersion, listVersionQuery } from './deliverables.ts'
import './deliverables.css'

/** A version of the list: what it changes, and what it says. */
export function ListVersionPage() {
  const { t } = useTranslation('deliverables')
  const slug = useAgreementSlug()
  const { number = '' } = useParams()
  const format = useFormat()
  const { data, error, refetch } = useQuery(listVersionQuery(slug, Number(number)))
  return (
    <GovernancePage
      back={{ to: paths.governanceDeliverables(slug), label: t('title') }}
      busy={!data && !error}
      lead={
        data && `${t(`lists.${data.version.state}`)} · ${format.day(data.version.decidedOn ?? data.version.savedAt)}`
      }
      title={t('versions.number', { number })}
    >
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={5} />}
      {data && (
        <>
          {data.diff && data.against && <Difference against={data.against.number} diff={data.diff} />}
          <Section title={t('perimeter.title')}>
            {(['included', 'excluded'] as const).map((part) => (
              <div className="stack stack-tight" key={part}>
                <h3>{t(`perimeter.${part}`)}</h3>
                <Lines lines={data.content.perimeter[part]} />
              </div>
            ))}
          </Section>
          <Section title={t('list')}>
            {data.content.deliverables.map((each) => (
              <section className="stack" key={each.key}>
                <h3>{each.title || each.key}</h3>
                <DefinitionView definition={each} />
              </section>
            ))}
          </Section>
        </>
      )}
    </GovernancePage>
  )
}

function Lines({ lines }: { lines: string[] }) {
  const { t } = useTranslation('deliverables')
  if (lines.length === 0) return <p className="quiet">{t('perimeter.nothing')}</p>
  return (
    <ul className="deliverable-lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}

function Difference({ against, diff }: { against: number; diff: NonNullable<ListVersion['diff']> }) {
  const { t } = useTranslation('deliverables')
  const parts = (['included', 'excluded'] as const).filter(
    (part) => diff[part].added.length + diff[part].removed.length > 0,
  )
  return (
    <Section title={t('diff.title', { number: against })}>
      {parts.length === 0 && diff.deliverables.length === 0 && <p>{t('diff.same')}</p>}
      {parts.map((part) => (
        <div key={part}>
          <h3>{t(`perimeter.${part}`)}</h3>
          <DiffLines after={diff[part].added} before={diff[part].removed} />
        </div>
      ))}
      {diff.deliverables.map(({ key, title, kind, changes }) => (
        <div key={key}>
          <h3>
            {title} <Badge tone={changeTones[kind]}>{t(`diff.${kind}`)}</Badge>
          </h3>
          {changes.length > 0 && <ChangesTable caption={title} changes={changes} />}
        </div>
      ))}
    </Section>
  )
}

function DiffLines({ before, after }: { before: string[]; after: string[] }) {
  const { t } = useTranslation('deliverables')
  return (
    <ul className="diff-lines">
      {before.map((line) => (
        <li key={`- ${line}`}>
          <del>{line}</del> <span className="small quiet">{t('diff.out')}</span>
        </li>
      ))}
      {after.map((line) => (
        <li key={`+ ${line}`}>
          <ins>{line}</ins> <span className="small quiet">{t('diff.in')}</span>
        </li>
      ))}
    </ul>
  )
}

/** What reads otherwise in a deliverable, field by field. */
export function ChangesTable({ caption, changes }: { caption: string; changes: Changes }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  const say = (field: Changes[number]['field'], lines: string[]) =>
    lines.length === 0
      ? '–'
      : lines
          .map((line) => {
            if (field === 'dueOn') return format.dayMedium(line)
            if (field === 'kind') return t(`kinds.${line as Definition['kind']}`)
            return field === 'owner' || field === 'pilots' || field === 'receivers' ? names.party(line) : line
          })
          .join('\n')
  return (
    <Table
      caption={caption}
      head={
        <tr>
          <th scope="col">{t('diff.field')}</th>
          <th scope="col">{t('diff.before')}</th>
          <th scope="col">{t('diff.after')}</th>
        </tr>
      }
      stacked
    >
      {changes.map(({ field, before, after }) => (
        <tr key={field}>
          <th scope="row">{t(`fields.${field}`)}</th>
          <td data-label={t('diff.before')}>
            <div className="deliverable-text">{say(field, before)}</div>
          </td>
          <td data-label={t('diff.after')}>
            <div className="deliverable-text">{say(field, after)}</div>
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** A deliverable as a list words it. */
export function DefinitionView({ definition }: { definition: Definition }) {
  const { t } = useTranslation('deliverables')
  const names = useNames()
  const format = useFormat()
  const { what, kind, owner, dueOn, criteria, pilots, receivers } = definition
  const tell = (parties: string[]) => (parties.length === 0 ? '–' : format.list(parties.map(names.party)))
  return (
    <>
      {what && <p className="measure deliverable-text">{what}</p>}
      <dl className="facts">
        <div>
          <dt>{t('kind')}</dt>
          <dd>{t(`kinds.${kind}`)}</dd>
        </div>
        <div>
          <dt>{t('owner')}</dt>
          <dd>{owner ? names.party(owner) : '–'}</dd>
        </div>
        <div>
          <dt>{t('dueOn')}</dt>
          <dd>{dueOn ? format.day(dueOn) : '–'}</dd>
        </div>
        <div>
          <dt>{t('pilots')}</dt>
          <dd>{tell(pilots)}</dd>
        </div>
        <div>
          <dt>{t('receivers')}</dt>
          <dd>{tell(receivers)}</dd>
        </div>
        <div>
          <dt>{t('criteria')}</dt>
          <dd>
            <ol className="deliverable-criteria">
              {criteria.map(({ what: name, measure }) => (
                <li key={`${name} ${measure}`}>
                  {name}
                  <br />
                  <span className="small quiet">{measure}</span>
                </li>
              ))}
            </ol>
          </dd>
        </div>
      </dl>
    </>
  )
}
