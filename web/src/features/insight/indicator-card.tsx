import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { findText } from '../../i18n.ts'
import { Failure } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { compareSpec } from '../../ui/chart-spec.ts'
import { Notice } from '../../ui/notice.tsx'
import { VegaChart } from '../../ui/vega-chart.tsx'
import { FollowUp } from './follow-up.tsx'
import { IndicatorHelp } from './indicator-help.tsx'
import { HiddenNotes } from './indicator-hidden.tsx'
import { IndicatorSettings } from './indicator-settings.tsx'
import { IndicatorTable } from './indicator-table.tsx'
import { makeWords, toChartColumns, type Words } from './indicator-words.ts'
import {
  answerQuery,
  type Indicator,
  findMissing,
  type IndicatorAnswer,
  type Question,
  type Row,
  useTakeAway,
} from './indicators.ts'
import './indicator-card.css'

/**
 * One indicator: its question, its answer in a sentence, its chart, and one key away the table that says the same; what it
 * means, how it was computed, and what was kept from sight.
 * @param onSet told of a parameter that the reader changes.
 */
export function IndicatorCard({
  indicator,
  question,
  width,
  onSet,
}: {
  indicator: Indicator
  question: Question
  width: 'half' | 'full'
  onSet: (name: string, value: string) => void
}) {
  const { t, i18n } = useTranslation('dashboards')
  const format = useFormat()
  const id = useId()
  const [asTable, setAsTable] = useState(false)
  const [failed, setFailed] = useState(false)
  const [open, setOpen] = useState<'help' | 'settings'>()
  const missing = findMissing(indicator, question)
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...answerQuery(question),
    enabled: missing === undefined,
  })
  const takeAway = useTakeAway(question, i18n.language)
  const { language } = i18n
  const words = useMemo(
    () => makeWords({ indicator, scope: question.scope, answer: data, language, format }),
    [indicator, question.scope, data, language, format],
  )
  const { texts } = words
  const drawable = data !== undefined && data.chart !== null && !failed && data.rows.length > 0
  const showsTable = asTable || !drawable
  const parameters = Object.keys(indicator.parameters)

  function onKeyDown(event: KeyboardEvent) {
    const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea')
    if (event.key.toLowerCase() !== 't' || typing || event.ctrlKey || event.metaKey || event.altKey || !drawable) return
    event.preventDefault()
    setAsTable(!asTable)
  }

  const toggle = (panel: 'help' | 'settings') => setOpen(open === panel ? undefined : panel)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a shortcut of the buttons within
    <article
      aria-busy={isPlaceholderData || (!data && !error && missing === undefined) || undefined}
      aria-labelledby={`${id}-title`}
      className={`indicator indicator-${width}`}
      onKeyDown={onKeyDown}
    >
      <h2 className="indicator-title" id={`${id}-title`}>
        <span className="indicator-question">{texts.question}</span>{' '}
        <span className="indicator-answer">
          {(data && !data.withheld && words.tellAnswer(data.answer)) ||
            (data && data.rows.length === 0 && !data.withheld ? t('card.noRows') : texts.title)}
        </span>
      </h2>
      {missing && <p className="quiet">{t(`card.${missing}`)}</p>}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && !missing && <div aria-hidden="true" className="skeleton indicator-skeleton" />}
      {data?.withheld && (
        <Notice title={t('withheld.title')}>
          <p>{findText(`dashboards:withheld.${data.withheld}`) ?? t('withheld.other')}</p>
        </Notice>
      )}
      {data && !data.withheld && data.rows.length > 0 && (
        <div className={isPlaceholderData ? 'indicator-figure indicator-old' : 'indicator-figure'}>
          {showsTable ? (
            <Tables answer={data} course={question.course} words={words} />
          ) : (
            <Picture answer={data} onFail={() => setFailed(true)} words={words} />
          )}
          {failed && <p className="quiet small">{t('card.failed')}</p>}
        </div>
      )}
      {data?.comparison && <Compared answer={data} words={words} />}
      {data && <HiddenNotes answer={data} named={question.scope === 'named'} />}
      <div className="indicator-tools">
        {drawable && (
          <Button
            aria-keyshortcuts="t"
            aria-pressed={asTable}
            look="quiet"
            onClick={() => setAsTable(!asTable)}
            title={t('card.key')}
          >
            {t('card.showTable')}
          </Button>
        )}
        <Button
          aria-controls={`${id}-panel`}
          aria-expanded={open === 'help'}
          look="quiet"
          onClick={() => toggle('help')}
        >
          {t('card.help')}
        </Button>
        {parameters.length > 0 && (
          <Button
            aria-controls={`${id}-panel`}
            aria-expanded={open === 'settings'}
            look="quiet"
            onClick={() => toggle('settings')}
          >
            {t('card.settings')}
          </Button>
        )}
        {data && data.rows.length > 0 && (
          <Button busy={takeAway.isPending} look="quiet" onClick={() => takeAway.mutate()}>
            <span>
              <span className="visually-hidden">{t('card.csv')} </span>CSV
            </span>
          </Button>
        )}
      </div>
      {takeAway.error && <Failure error={takeAway.error} />}
      <div className="indicator-panel" hidden={open === undefined} id={`${id}-panel`}>
        {open === 'help' && <IndicatorHelp texts={texts} />}
        {open === 'settings' && (
          <IndicatorSettings indicator={indicator} onSet={onSet} question={question} texts={texts} />
        )}
      </div>
    </article>
  )
}

/** The chart; with a comparison, one for each period, of one scale. */
function Picture({ answer, words, onFail }: { answer: IndicatorAnswer; words: Words; onFail: () => void }) {
  const { t, i18n } = useTranslation('dashboards')
  const { columns, comparison } = answer
  const chartColumns = useMemo(() => toChartColumns(columns, words), [columns, words])
  const told = words.tellAnswer(answer.answer)
  const label = [words.texts.question, told].filter(Boolean).join(' ')
  const together = useMemo(() => {
    if (!answer.chart || !comparison) return undefined
    const periods = [
      { ...answer, value: t('card.chosen') },
      { ...comparison, value: t('card.compared') },
    ]
    const parts = periods.map(({ value, period }) => ({ value, days: [period.from, period.until] as [string, string] }))
    const spec = compareSpec(answer.chart, 'which_period', parts)
    const of = (all: Row[], value: string) => words.tellRows(all).map((row) => ({ ...row, which_period: value }))
    return spec && { spec, rows: periods.flatMap((each) => of(each.rows, each.value)) }
  }, [answer, comparison, words, t])
  const rows = useMemo(() => words.tellRows(answer.rows), [answer.rows, words])
  return (
    <VegaChart
      columns={chartColumns}
      days={together ? undefined : [answer.period.from, answer.period.until]}
      label={label}
      language={i18n.language}
      onFail={onFail}
      rows={together?.rows ?? rows}
      spec={together?.spec ?? answer.chart ?? {}}
    />
  )
}

/** The table that says the same as the chart; with a comparison, one for each period. */
function Tables({ answer, course, words }: { answer: IndicatorAnswer; course: string | undefined; words: Words }) {
  const { t } = useTranslation('dashboards')
  const caption = t('card.table', { question: words.texts.question })
  const { columns, comparison } = answer
  // Rows that raise a flag on somebody name its rule: the teacher says what they did about it.
  const isFlags = answer.scope === 'named' && columns.some(({ name }) => name === 'rule')
  const act =
    isFlags && course !== undefined
      ? { head: t('followUp.head'), cell: (row: Row) => <FlagAct course={course} row={row} words={words} /> }
      : undefined
  if (!comparison)
    return <IndicatorTable act={act} caption={caption} columns={columns} rows={answer.rows} words={words} />
  return (
    <>
      <IndicatorTable
        caption={`${caption} · ${t('card.chosen')}`}
        captionShown
        columns={columns}
        rows={answer.rows}
        words={words}
      />
      <IndicatorTable
        caption={`${caption} · ${t('card.compared')}`}
        captionShown
        columns={columns}
        rows={comparison.rows}
        words={words}
      />
    </>
  )
}

function FlagAct({ course, row, words }: { course: string; row: Row; words: Words }) {
  const { learner, rule } = row
  if (typeof learner !== 'string' || typeof rule !== 'string') return null
  return (
    <FollowUp
      course={course}
      learner={learner}
      name={words.tell({ name: 'learner', type: 'learner' }, row)}
      rule={rule}
    />
  )
}

function Compared({ answer: { comparison }, words }: { answer: IndicatorAnswer; words: Words }) {
  const { t } = useTranslation('dashboards')
  const format = useFormat()
  if (!comparison) return null
  const { from, until } = comparison.period
  const range = t('range', { from: format.dayMedium(from), until: format.dayMedium(until) })
  return (
    <p className="indicator-compared">
      <strong>{t('card.comparedTo', { range })}</strong>{' '}
      {comparison.withheld
        ? t('withheld.title')
        : (words.tellAnswer(comparison.answer) ?? t(comparison.rows.length === 0 ? 'card.noRows' : 'card.noSentence'))}
    </p>
  )
}
