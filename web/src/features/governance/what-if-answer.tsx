import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Table } from '../../ui/table.tsx'
import { GroupBar, type Pattern } from './group-bar.tsx'
import { VerdictAccount } from './verdict-account.tsx'
import { VoicesChart } from './voices-chart.tsx'
import { useVoices, type WhatIf } from './votes.ts'

/** Names of parties, by their key. */
function useNames(answer: WhatIf) {
  const format = useFormat()
  const nameOf = (party: string) => answer.voters.find((voter) => voter.party === party)?.name ?? party
  return { nameOf, list: (parties: string[]) => format.list(parties.map(nameOf)) }
}

/** What exploring a vote found. */
export function WhatIfAnswer({ answer }: { answer: WhatIf }) {
  return (
    <>
      <Headline answer={answer} />
      <Passing answer={answer} />
      <Power answer={answer} />
      <Absences answer={answer} />
      <Quorum answer={answer} />
    </>
  )
}

function Headline({ answer: { passing, quorum, certain } }: { answer: WhatIf }) {
  const { t } = useTranslation('votes')
  const voices = useVoices()
  const needed = t(passing.comparator === '>' ? 'moreThan' : 'atLeast', { voices: voices(passing.needed) })
  const kind = !quorum.reached
    ? 'warning'
    : certain === 'adopted'
      ? 'success'
      : certain === 'rejected'
        ? 'danger'
        : 'info'
  const title = !quorum.reached ? t('whatIf.noQuorum') : certain ? t(`certain.${certain}`) : t('whatIf.open')
  return (
    <div aria-live="polite">
      <Notice kind={kind} title={title}>
        <p>
          {t(passing.winning > 0 ? 'whatIf.needs' : 'whatIf.cannotPass', {
            needed,
            available: voices(passing.available),
          })}
        </p>
      </Notice>
    </div>
  )
}

function Passing({ answer }: { answer: WhatIf }) {
  const { t } = useTranslation('votes')
  const format = useFormat()
  const voices = useVoices()
  const { list } = useNames(answer)
  const { minimal, blocking, winning, groups, comparator } = answer.passing
  const needed = t(comparator === '>' ? 'moreThan' : 'atLeast', { voices: voices(answer.passing.needed) })
  return (
    <Section title={t('whatIf.passing')}>
      <p className="measure">
        {blocking.length === 0
          ? t('whatIf.nobodyBlocks')
          : t('whatIf.blocking', { count: blocking.length, names: list(blocking) })}
      </p>
      {minimal.count > 0 && (
        <>
          <p className="measure">
            {t('whatIf.coalitions', {
              count: minimal.count,
              number: format.number(minimal.count),
              winning: format.number(winning),
              groups: format.number(groups),
            })}
          </p>
          <p className="small quiet measure">{t('whatIf.groupLegend', { needed })}</p>
          <GroupList answer={answer} patterns={minimal.patterns} />
        </>
      )}
    </Section>
  )
}

function Power({ answer }: { answer: WhatIf }) {
  const { t } = useTranslation('votes')
  const format = useFormat()
  const { nameOf } = useNames(answer)
  const shares = answer.power
    .map(({ party, decisive, of }) => ({ label: nameOf(party), value: decisive / of }))
    .toSorted((left, right) => right.value - left.value)
  const most = shares[0]
  if (!most || most.value === 0) return null
  return (
    <Section hint={t('whatIf.powerHint')} title={t('whatIf.power')}>
      <VoicesChart
        bars={shares}
        columns={{ label: t('roll.member'), value: t('whatIf.decisive') }}
        format={format.percent}
        mark={null}
        summary={t('whatIf.powerSummary', { groups: format.number(answer.power[0]?.of ?? 0) })}
        title={t('whatIf.powerTitle', { name: most.label, share: format.percent(most.value) })}
        whole={most.value}
        wording={{ showTable: t('chart.showTable'), showChart: t('chart.showChart') }}
      />
    </Section>
  )
}

function Absences({ answer }: { answer: WhatIf }) {
  const { t } = useTranslation('votes')
  const voices = useVoices()
  const { nameOf, list } = useNames(answer)
  if (answer.absences.length === 0) return null
  const title = t('whatIf.absences')
  const asked = answer.quorum.minimal !== null
  return (
    <Section title={title}>
      <Table
        caption={title}
        head={
          <tr>
            <th scope="col">{t('whatIf.away')}</th>
            {asked && <th scope="col">{t('whatIf.quorum')}</th>}
            <th scope="col">{t('whatIf.outcome')}</th>
            <th scope="col">{t('whatIf.thenBlock')}</th>
          </tr>
        }
        stacked
      >
        {answer.absences.map(({ party, quorum, needed, available, canPass, blocking }) => (
          <tr key={party}>
            <th scope="row">{nameOf(party)}</th>
            {asked && (
              <td data-label={t('whatIf.quorum')}>
                <span>{t(quorum ? 'whatIf.reached' : 'whatIf.missed')}</span>
              </td>
            )}
            <td data-label={t('whatIf.outcome')}>
              <span>
                {t(canPass ? 'whatIf.stillPasses' : 'whatIf.cannot', {
                  needed: t(answer.passing.comparator === '>' ? 'moreThan' : 'atLeast', { voices: voices(needed) }),
                  available: voices(available),
                })}
              </span>
            </td>
            <td data-label={t('whatIf.thenBlock')}>
              <span>{blocking.length === 0 ? t('whatIf.none') : list(blocking)}</span>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  )
}

function Quorum({ answer }: { answer: WhatIf }) {
  const { t } = useTranslation('votes')
  const format = useFormat()
  const { steps, minimal } = answer.quorum
  return (
    <Section title={t('whatIf.quorum')}>
      <VerdictAccount verdict={{ steps }} />
      {minimal && (
        <>
          <p className="measure">
            {t('whatIf.quorumGroups', { count: minimal.count, number: format.number(minimal.count) })}
          </p>
          <GroupList answer={answer} patterns={minimal.patterns} />
        </>
      )}
    </Section>
  )
}

/** How many groups are shown before one asks for more. */
const shownAtOnce = 4

/** Groups that are just enough; those that differ only by members of the same weight are told together. */
function GroupList({ answer, patterns }: { answer: WhatIf; patterns: Pattern[] }) {
  const { t } = useTranslation('votes')
  const format = useFormat()
  const voices = useVoices()
  const { nameOf, list } = useNames(answer)
  const tell = ({ size, groups, voices: sum, members, choices }: Pattern) => {
    const who = [
      ...members.map(nameOf),
      ...choices.map(({ count, of }) => t('whatIf.anyOf', { count, names: list(of) })),
    ]
    const head = t('whatIf.group', { count: size })
    const weight = sum === null ? '' : ` (${t('withVoices', { count: Number(sum), voices: voices(sum) })})`
    const alike = groups > 1 ? ` ${t('whatIf.alike', { count: groups, number: format.number(groups) })}` : ''
    return t('whatIf.told', { head: head + weight, who: format.list(who) }) + alike
  }
  const drawn = answer.passing.minimal.patterns === patterns
  const items = (some: Pattern[]) =>
    some.map((pattern) => (
      <li key={JSON.stringify(pattern)}>
        {drawn && pattern.voices !== null && <GroupBar answer={answer} pattern={pattern} />}
        {tell(pattern)}
      </li>
    ))
  const told = patterns.reduce((sum, { groups }) => sum + groups, 0)
  const all = drawn ? answer.passing.minimal.count : answer.quorum.minimal?.count
  return (
    <>
      <ul className="groups">{items(patterns.slice(0, shownAtOnce))}</ul>
      {patterns.length > shownAtOnce && (
        <details>
          <summary>{t('whatIf.moreGroups', { count: patterns.length - shownAtOnce })}</summary>
          <ul className="groups">{items(patterns.slice(shownAtOnce))}</ul>
        </details>
      )}
      {all !== undefined && told < all && (
        <p className="small quiet">{t('whatIf.smallestOnly', { number: format.number(all - told) })}</p>
      )}
    </>
  )
}
