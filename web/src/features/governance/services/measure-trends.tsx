import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../shell/format.ts'
import { Section } from '../../../shell/page.tsx'
import { LineChart } from '../../../ui/line-chart.tsx'
import { isSameMeasure, type Measure, type Service } from './services.ts'

type Dossiers = Service['dossiers']

/** How each measure went from dossier to dossier; what was not measured is said, and no point stands for it. */
export function MeasureTrends({ dossiers }: { dossiers: Dossiers }) {
  const { t } = useTranslation('services')
  const told = dossiers.filter(({ submittedAt, state }) => submittedAt !== null && state !== 'withdrawn').toReversed()
  const measures = told
    .toReversed()
    .flatMap((dossier) => dossier.measures)
    .filter((measure, index, all) => all.findIndex((each) => isSameMeasure(each, measure)) === index)
  if (measures.length === 0) return null
  return (
    <Section hint={t('trends.hint')} title={t('trends.title')}>
      <div className="trends">
        {measures.map((measure) => (
          <Trend dossiers={told} key={`${measure.name} ${measure.unit}`} measure={measure} />
        ))}
      </div>
    </Section>
  )
}

function Trend({ measure, dossiers }: { measure: Measure; dossiers: Dossiers }) {
  const { t } = useTranslation('services')
  const format = useFormat()
  const { name, unit, startingPoint, target } = measure
  const number = (value: string) => Number(value.replace(',', '.'))
  const write = (value: number) => `${format.number(value)}${unit === '' ? '' : `\u00a0${unit}`}`
  const told = (value: string | null) => (value === null ? t('notMeasured') : write(number(value)))
  const readings = dossiers.map((dossier) => ({
    number: dossier.number,
    reading: dossier.measures.find((each) => isSameMeasure(each, measure)),
  }))
  const points = readings.flatMap(({ number: dossier, reading }) =>
    reading && reading.value !== null && reading.measuredOn !== null
      ? [
          {
            label: format.dayMedium(reading.measuredOn),
            fullLabel: t('trends.point', { dossier, day: format.dayMedium(reading.measuredOn) }),
            value: number(reading.value),
          },
        ]
      : [],
  )
  const missing = readings
    .filter(({ reading }) => !reading || reading.value === null)
    .map(({ number: dossier }) => String(dossier))
  const summary = [
    t('trends.summary', { from: told(startingPoint), target: target === null ? t('noTarget') : told(target) }),
    ...(missing.length > 0 ? [t('trends.missing', { count: missing.length, dossiers: format.list(missing) })] : []),
  ].join(' ')
  const last = points.at(-1)
  if (!last || points.length < 2 || points.some(({ value }) => value < 0)) {
    return (
      <div className="stack stack-tight">
        <h3>{t('trends.title2', { name, value: last ? write(last.value) : t('notMeasured') })}</h3>
        <p className="quiet">{summary}</p>
      </div>
    )
  }
  return (
    <LineChart
      columns={{ label: t('dossierHead'), value: unit === '' ? name : `${name} (${unit})` }}
      format={write}
      points={points}
      summary={summary}
      title={t('trends.title2', { name, value: write(last.value) })}
      wording={{ showTable: t('trends.showTable'), showChart: t('trends.showChart') }}
    />
  )
}
