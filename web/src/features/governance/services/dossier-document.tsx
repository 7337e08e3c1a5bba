import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { Table } from '../../../ui/table.tsx'
import { sumCents } from '../money/money.ts'
import { useProposalWords } from './proposal-words.ts'
import type { Content, DossierPageOf, Measure } from './services.ts'
import './services.css'

/** The dossier to read, from what is proposed to what it rests on. */
export function DossierDocument({ dossier }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  const { content } = dossier
  const text = (name: 'problem' | 'audience' | 'learned' | 'notReached') => (
    <Section title={t(`content.${name}`)}>
      <p className="measure dossier-text">{content[name] || t('content.empty')}</p>
    </Section>
  )
  return (
    <article className="dossier">
      <ProposalView dossier={dossier} />
      {text('problem')}
      {text('audience')}
      <Measures content={content} />
      <Costs dossier={dossier} />
      {text('learned')}
      {text('notReached')}
      <Section title={t('content.budget')}>
        <p>
          {content.budgetCents === null ? t('content.empty') : <strong>{format.euros(content.budgetCents)}</strong>}
        </p>
      </Section>
    </article>
  )
}

function ProposalView({ dossier: { content, rules, service } }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const words = useProposalWords(rules)
  const { proposal } = content
  const texts =
    proposal.kind === 'continue'
      ? [{ label: t('proposal.why'), text: proposal.why }].filter((each) => each.text !== '')
      : proposal.kind === 'change'
        ? [{ label: t('proposal.what'), text: proposal.what }]
        : (['users', 'data', 'code'] as const).map((name) => ({ label: t(`proposal.${name}`), text: proposal[name] }))
  return (
    <section className={`dossier-proposal dossier-proposal-${proposal.kind}`}>
      <h2>{t('proposal.title', { proposal: words(proposal, service.phase) })}</h2>
      {texts.length > 0 && (
        <dl className="facts measure">
          {texts.map(({ label, text }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="dossier-text">{text || t('content.empty')}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}

/** Says a figure of a dossier as it was written, with its unit, or that it was not measured. */
export function useFigures() {
  const { t, i18n } = useTranslation('services')
  const format = useFormat()
  const write = (value: string, unit = '') => {
    const [whole = '', decimals] = value.replace(',', '.').split('.')
    const mark = i18n.language === 'en' ? '.' : ','
    const sign = whole.startsWith('+') ? '+' : whole === '-0' ? '-' : ''
    const number = format.number(Number(whole)) + (decimals === undefined ? '' : mark + decimals)
    return `${sign}${number}${unit === '' ? '' : `\u00a0${unit}`}`
  }
  return {
    write,
    tell: (value: string | null, unit = '') => (value === null ? t('notMeasured') : write(value, unit)),
  }
}

function Measures({ content: { measures, users } }: { content: Content }) {
  const { t } = useTranslation('services')
  const figures = useFigures()
  return (
    <Section title={t('content.measures')}>
      <Table
        caption={t('content.measures')}
        head={
          <tr>
            <th scope="col">{t('measure.name')}</th>
            <th className="number" scope="col">
              {t('measure.startingPoint')}
            </th>
            <th className="number" scope="col">
              {t('measure.target')}
            </th>
            <th className="number" scope="col">
              {t('measure.value')}
            </th>
            <th scope="col">{t('measure.reading')}</th>
          </tr>
        }
        stacked
      >
        {measures.map((measure) => (
          <tr key={`${measure.name} ${measure.unit}`}>
            <th scope="row">{measure.name}</th>
            <td className="number" data-label={t('measure.startingPoint')}>
              <div>{figures.tell(measure.startingPoint, measure.unit)}</div>
            </td>
            <td className="number" data-label={t('measure.target')}>
              <div>{measure.target === null ? t('noTarget') : figures.write(measure.target, measure.unit)}</div>
            </td>
            <td className="number" data-label={t('measure.value')}>
              <strong>{figures.tell(measure.value, measure.unit)}</strong>
            </td>
            <td data-label={t('measure.reading')}>
              <div>
                <Reading of={measure} />
              </div>
            </td>
          </tr>
        ))}
        <tr>
          <th scope="row">{t('content.users')}</th>
          <td className="number" data-label={t('measure.startingPoint')}>
            <div>–</div>
          </td>
          <td className="number" data-label={t('measure.target')}>
            <div>–</div>
          </td>
          <td className="number" data-label={t('measure.value')}>
            <strong>{figures.tell(users.value)}</strong>
          </td>
          <td data-label={t('measure.reading')}>
            <div>
              <Reading of={users} />
            </div>
          </td>
        </tr>
      </Table>
    </Section>
  )
}

function Reading({ of: { measuredOn, source } }: { of: Pick<Measure, 'measuredOn' | 'source'> }) {
  const format = useFormat()
  return <>{[measuredOn === null ? '' : format.dayMedium(measuredOn), source].filter(Boolean).join(' · ') || '–'}</>
}

function Costs({ dossier: { costs } }: { dossier: DossierPageOf }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  if (!costs) return null
  const { orders, hidden, frozen } = costs
  const total = (name: 'committedCents' | 'paidCents') => sumCents(orders.map((order) => order[name]))
  return (
    <Section hint={frozen ? t('costs.frozen') : t('costs.live')} title={t('costs.title')}>
      {orders.length === 0 && hidden === 0 && <p className="quiet">{t('costs.none')}</p>}
      {orders.length > 0 && (
        <Table
          caption={t('costs.title')}
          head={
            <tr>
              <th scope="col">{t('costs.order')}</th>
              <th className="number" scope="col">
                {t('costs.paid')}
              </th>
              <th className="number" scope="col">
                {t('costs.committed')}
              </th>
            </tr>
          }
          stacked
        >
          {orders.map(({ id, number, label, committedCents, paidCents }) => (
            <tr key={id}>
              <th scope="row">
                {number} · {label}
              </th>
              <td className="number" data-label={t('costs.paid')}>
                <div>{format.euros(paidCents)}</div>
              </td>
              <td className="number" data-label={t('costs.committed')}>
                <div>{format.euros(committedCents)}</div>
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">{t('costs.total')}</th>
            <td className="number" data-label={t('costs.paid')}>
              <strong>{format.euros(total('paidCents'))}</strong>
            </td>
            <td className="number" data-label={t('costs.committed')}>
              <strong>{format.euros(total('committedCents'))}</strong>
            </td>
          </tr>
        </Table>
      )}
      {hidden > 0 && <p className="quiet">{t('costs.hidden', { count: hidden })}</p>}
    </Section>
  )
}
