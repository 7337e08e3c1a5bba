import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, read } from '../../api/client.ts'
import type { paths as ApiPaths } from '../../api/schema.d.ts'
import { paths } from '../../paths.ts'
import { Failure, useProblemText } from '../../shell/failure.tsx'
import { useFormat } from '../../shell/format.ts'
import { Section } from '../../shell/page.tsx'
import { type Right, useSession } from '../../shell/session.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { ManagedEstablishment } from './managed-establishment.tsx'
import { type PickedPerson, PersonPicker } from './person-picker.tsx'
import { useRightText } from './right-text.ts'

type Grant =
  ApiPaths['/api/identity/organisations/{id}/rights']['get']['responses'][200]['content']['application/json']['rights'][number]

/** Who holds rights over an establishment, and giving one. */
export function ManagedRightsPage() {
  return (
    <ManagedEstablishment>
      {(id) => (
        <>
          <HeldRights id={id} />
          <GiveRight establishmentId={id} key={id} />
        </>
      )}
    </ManagedEstablishment>
  )
}

function HeldRights({ id }: { id: string }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const explain = useProblemText()
  const tell = useRightText()
  const session = useSession()
  const client = useQueryClient()
  const [asked, setAsked] = useState<string>()
  const { data, error, refetch } = useQuery({
    queryKey: ['rights', id],
    queryFn: () => read(api.GET('/api/identity/organisations/{id}/rights', { params: { path: { id } } })),
  })
  const withdraw = useMutation({
    mutationFn: (grant: Grant) => api.DELETE('/api/identity/rights/{id}', { params: { path: { id: grant.id } } }),
    onSettled: (_, __, grant) => {
      setAsked(undefined)
      void client.invalidateQueries({ queryKey: ['person', grant.personId] })
      return client.invalidateQueries({ queryKey: ['rights'] })
    },
  })
  const nameOf = ({ person }: Grant) => (person ? format.name(person) : t('rights.unknown'))
  return (
    <Section hint={t('rights.hint')} title={t('rights.title')}>
      <div aria-live="polite">
        {withdraw.isSuccess && (
          <Notice kind="success" title={t('rights.withdrawn', { name: nameOf(withdraw.variables) })} />
        )}
        {withdraw.error && <Notice kind="danger" title={explain(withdraw.error)} />}
      </div>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows count={3} />}
      {data?.rights.length === 0 && <Empty title={t('rights.none')} />}
      {data && data.rights.length > 0 && (
        <Table
          caption={t('rights.title')}
          head={
            <tr>
              <th scope="col">{t('rights.person')}</th>
              <th scope="col">{t('rights.right')}</th>
              <th scope="col">{t('rights.over')}</th>
              <th scope="col">{t('rights.period')}</th>
              <th scope="col">{t('rights.by')}</th>
              <th scope="col">{t('rights.withdraw')}</th>
            </tr>
          }
          stacked
        >
          {data.rights.map((grant) => (
            <tr key={grant.id}>
              <th scope="row">
                <Link to={paths.person(grant.personId)}>{nameOf(grant)}</Link>
              </th>
              <td data-label={t('rights.right')}>
                <span>{tell.right(grant.right)}</span>
              </td>
              <td data-label={t('rights.over')}>
                <span>{tell.perimeter(grant)}</span>
              </td>
              <td data-label={t('rights.period')}>
                <span>{tell.period(grant)}</span>
              </td>
              <td data-label={t('rights.by')}>
                <span>{grant.grantedByName ? format.name(grant.grantedByName) : t('rights.system')}</span>
              </td>
              <td data-label={t('rights.withdraw')}>
                {grant.withdrawable && grant.personId !== session.person.id ? (
                  asked === grant.id ? (
                    <Button busy={withdraw.isPending} look="danger" onClick={() => withdraw.mutate(grant)}>
                      {t('rights.confirm')}
                    </Button>
                  ) : (
                    <Button
                      aria-label={t('rights.withdrawOf', { name: nameOf(grant), right: tell.right(grant.right) })}
                      onClick={() => setAsked(grant.id)}
                    >
                      {t('rights.withdraw')}
                    </Button>
                  )
                ) : (
                  <span>–</span>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

/** Today and the same day a year later, as days of this device. */
function toDay(date: Date): string {
  return [
    date.getFullYear(),
    String(date.getMonth() + 1).padStart(2, '0'),
    String(date.getDate()).padStart(2, '0'),
  ].join('-')
}

/** Never over one establishment. */
const wholeRights: Right[] = ['instance.operate', 'records.administer']

function GiveRight({ establishmentId }: { establishmentId: string }) {
  const { t } = useTranslation('administration')
  const format = useFormat()
  const explain = useProblemText()
  const tell = useRightText()
  const client = useQueryClient()
  const { data: perimeter } = useQuery({
    queryKey: ['perimeter', ''],
    queryFn: () => read(api.GET('/api/identity/perimeter', { params: { query: { q: '' } } })),
  })
  const [picked, setPicked] = useState<PickedPerson>()
  const [missing, setMissing] = useState(false)
  const [chosen, setChosen] = useState(0)
  const [startsOn, setStartsOn] = useState(() => toDay(new Date()))
  const [endsOn, setEndsOn] = useState<string>()
  // Over this establishment, whatever wider perimeter one holds; a whole right only as one holds it.
  const offers = (perimeter?.delegable ?? []).map((held) => ({
    ...held,
    organisationId: wholeRights.includes(held.right) ? null : establishmentId,
  }))
  const unique = offers
    .filter(
      (offer, index) =>
        offers.findIndex(
          ({ right, organisationId }) => right === offer.right && organisationId === offer.organisationId,
        ) === index,
    )
    .filter(({ right }) => !wholeRights.includes(right))
  const offer = unique[chosen]
  const latest = offers
    .filter(({ right }) => right === offer?.right)
    .map((held) => held.endsOn)
    .reduce<string | null | undefined>(
      (best, day) => (best === null || day === null ? null : best === undefined || day > best ? day : best),
      undefined,
    )
  const ends = endsOn ?? latest ?? ''
  const give = useMutation({
    mutationFn: (person: PickedPerson) =>
      read(
        api.POST('/api/identity/rights', {
          body: {
            personId: person.id,
            right: offer?.right ?? 'directory.administer',
            organisationId: offer?.organisationId ?? null,
            startsOn,
            endsOn: ends || null,
          },
        }),
      ),
    onSuccess: (_, person) => {
      setPicked(undefined)
      void client.invalidateQueries({ queryKey: ['person', person.id] })
      return client.invalidateQueries({ queryKey: ['rights'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(!picked)
    if (picked) give.mutate(picked)
  }
  if (!perimeter) return <SkeletonRows count={1} height="16rem" />
  return (
    <Section hint={t('rights.giveHint')} title={t('rights.give')}>
      <div aria-live="polite">
        {give.isSuccess && <Notice kind="success" title={t('rights.given', { name: format.name(give.variables) })} />}
      </div>
      {unique.length === 0 ? (
        <p>{t('rights.cannot')}</p>
      ) : (
        <form className="form-panel" noValidate onSubmit={submit}>
          {give.error && <Notice kind="danger" live="alert" title={explain(give.error)} />}
          <PersonPicker
            error={missing && !picked ? t('picker.missing') : undefined}
            establishmentId={establishmentId}
            legend={t('rights.who')}
            onPick={setPicked}
            picked={picked}
          />
          <SelectField
            label={t('rights.what')}
            onChange={(event) => setChosen(Number(event.target.value))}
            options={unique.map(({ right }, index) => ({ value: String(index), label: tell.right(right) }))}
            value={String(chosen)}
          />
          <div className="form-pair">
            <TextField
              label={t('rights.starts')}
              onChange={(event) => setStartsOn(event.target.value)}
              type="date"
              value={startsOn}
            />
            <TextField
              hint={latest ? t('rights.endsHint', { date: format.day(latest) }) : t('rights.endsOpen')}
              label={t('rights.ends')}
              max={latest ?? undefined}
              onChange={(event) => setEndsOn(event.target.value)}
              type="date"
              value={ends}
            />
          </div>
          <div>
            <Button busy={give.isPending} look="primary" type="submit">
              {t('rights.submit')}
            </Button>
          </div>
        </form>
      )}
    </Section>
  )
}
