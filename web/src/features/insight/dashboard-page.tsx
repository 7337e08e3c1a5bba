import { useQueries, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { appearanceQuery } from '../../api/queries.ts'
import { Failure, isRefused } from '../../shell/failure.tsx'
import { useFilters } from '../../shell/filters.ts'
import { useFormat } from '../../shell/format.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useNow } from '../../ui/now.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { DashboardFilters } from './dashboard-filters.tsx'
import { IndicatorCard } from './indicator-card.tsx'
import { pickName } from './indicator-words.ts'
import {
  answerQuery,
  coursesQuery,
  dashboardQuery,
  type DashboardItem,
  type Indicator,
  indicatorsQuery,
  findMissing,
  type Question,
  scopeNames,
} from './indicators.ts'
import { DashboardTour } from './dashboard-tour.tsx'
import { InsightPage } from './insight-page.tsx'
import { useWantedAudience, type Viewer, viewerQuery } from './looking.ts'
import { comparedPeriod, comparisonNames, findToday, formerPeriod, readPeriod } from './period.ts'
import './dashboard-page.css'

/** The dashboard of whoever looks: the indicators their institution composed it of, over what they choose to look at. */
export function DashboardPage() {
  const { t } = useTranslation('dashboards')
  const as = useWantedAudience()
  const { data: viewer, error, refetch } = useQuery(viewerQuery(as))
  if (viewer) return <Dashboard as={as} viewer={viewer} />
  return (
    <InsightPage audience={undefined} busy={!error} title={t('nav.label')}>
      {error ? (
        isRefused(error) ? (
          <Empty title={t('none.title')}>
            <p>{t('none.text')}</p>
          </Empty>
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <SkeletonRows count={3} height="12rem" />
      )}
    </InsightPage>
  )
}

function Dashboard({ viewer, as }: { viewer: Viewer; as: Viewer['audience'] | undefined }) {
  const { t, i18n } = useTranslation('dashboards')
  const format = useFormat()
  const { audience } = viewer
  const [filters, change] = useFilters()
  const { data: appearance } = useQuery(appearanceQuery)
  const today = findToday(useNow(600), appearance?.timeZone ?? 'Europe/Paris')
  const period = readPeriod(filters, today)
  const comparison = comparisonNames.find((name) => name === filters.get('compare')) ?? 'none'
  const only = viewer.courses?.length === 1 ? viewer.courses[0] : undefined
  const course = filters.get('course') ?? only?.key
  const { data: courses } = useQuery(coursesQuery({ as, q: '' }))
  const dashboard = useQuery(dashboardQuery(audience, as))
  const catalogue = useQuery(indicatorsQuery(as))
  const error = dashboard.error ?? catalogue.error

  const indicators = catalogue.data?.indicators
  const composed = viewer.indicator === null ? dashboard.data?.items : embedOne(viewer, indicators)
  const items = (composed ?? []).filter(
    ({ scope }) =>
      // Names are shown to the teacher come from the course, one's own work to who did some.
      (scope !== 'named' || viewer.nominative) && (scope !== 'person' || viewer.learner),
  )
  const ask = ({ indicator, scope, parameters }: DashboardItem): Question => ({
    indicator,
    scope,
    course,
    period: { from: period.from, until: period.until },
    compared: comparedPeriod(comparison, period),
    as,
    parameters: {
      ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
      ...readParameters(filters, indicator),
    },
  })
  const asked = items.flatMap((item) => {
    const indicator = indicators?.find(({ name }) => name === item.indicator)
    const question = ask(item)
    return indicator && !findMissing(indicator, question) ? [question] : []
  })
  // The same questions as the cards put; here only for how fresh the answers are.
  const asOf = useQueries({
    queries: asked.map(answerQuery),
    combine: (answers) =>
      answers
        .map(({ data }) => data?.asOf)
        .filter((each) => typeof each === 'string')
        .sort()[0],
  })
  const use = courses?.courses.find(({ key }) => key === course)
  const name = use?.name ?? only?.name
  const former = formerPeriod(use?.lastWeek, period)
  const range = t('range', { from: format.dayMedium(period.from), until: format.dayMedium(period.until) })
  const told = pickName(name, i18n.language)
  return (
    <InsightPage
      actions={
        <Button className="dashboard-print" onClick={() => window.print()}>
          <Icon name="print" size={19} /> {t('print')}
        </Button>
      }
      audience={audience}
      busy={!error && (!indicators || !dashboard.data)}
      // One indicator within a page of the course needs no introduction.
      lead={viewer.indicator === null ? t(`lead.${audience}`) : undefined}
      title={audience === 'teacher' && told !== undefined ? told : t(`title.${audience}`)}
    >
      {items.length > 0 && courses?.courses.length !== 0 && viewer.indicator === null && (
        <DashboardTour audience={audience} />
      )}
      <DashboardFilters as={as} comparison={comparison} course={course} period={period} viewer={viewer} />
      {former && (
        <Notice kind="info" title={t('former.title')}>
          <p>
            <Button onClick={() => change({ period: 'custom', ...former })}>
              {t('former.show', { from: format.dayMedium(former.from), until: format.dayMedium(former.until) })}
            </Button>
          </p>
        </Notice>
      )}
      <p className="dashboard-printed">{[told, range].filter(Boolean).join(' · ')}</p>
      {error && <Failure error={error} onRetry={() => void Promise.all([dashboard.refetch(), catalogue.refetch()])} />}
      {!error && (!indicators || !dashboard.data) && <SkeletonRows count={2} height="18rem" />}
      {courses?.courses.length === 0 && (
        <Empty title={t('empty.title')}>
          <p>{t('empty.text')}</p>
        </Empty>
      )}
      {dashboard.data && items.length === 0 && (
        <Empty title={t('left.title')}>
          <p>{t('left.text')}</p>
        </Empty>
      )}
      {indicators && courses?.courses.length !== 0 && (
        <div className="indicators">
          {/* The same indicator may be there twice, with other parameters. */}
          {[...new Map(items.map((item) => [JSON.stringify(item), item]))].map(([key, item]) => (
            <Item
              indicator={indicators.find((each) => each.name === item.indicator)}
              item={item}
              key={key}
              onSet={(parameter, value) => change({ [`p.${item.indicator}.${parameter}`]: value })}
              question={ask(item)}
            />
          ))}
        </div>
      )}
      {asOf !== undefined && <p className="quiet small">{t('asOf', { when: format.dateTime(asOf) })}</p>}
    </InsightPage>
  )
}

function Item({
  item,
  indicator,
  question,
  onSet,
}: {
  item: DashboardItem
  indicator: Indicator | undefined
  question: Question
  onSet: (parameter: string, value: string) => void
}) {
  const { t } = useTranslation('dashboards')
  if (indicator?.scopes[item.scope])
    return <IndicatorCard indicator={indicator} onSet={onSet} question={question} width={item.width} />
  return (
    <div className={`indicator-${item.width}`}>
      <Notice kind="warning" title={t('card.missing', { name: item.indicator })}>
        <p>{t('card.missingText')}</p>
      </Notice>
    </div>
  )
}

/** The only indicator that was embedded, in every scope that is for who looks. */
function embedOne({ indicator, audience }: Viewer, indicators: Indicator[] | undefined): DashboardItem[] | undefined {
  const found = indicators?.find(({ name }) => name === indicator)
  if (!found) return undefined
  return scopeNames.flatMap((scope) =>
    found.scopes[scope]?.audiences.includes(audience)
      ? [{ indicator: found.name, scope, parameters: {}, width: 'full' as const }]
      : [],
  )
}

/** What the address sets of an indicator: `p.<indicator>.<parameter>`. */
function readParameters(filters: URLSearchParams, indicator: string): Record<string, string> {
  const prefix = `p.${indicator}.`
  return Object.fromEntries(
    [...filters].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  )
}
