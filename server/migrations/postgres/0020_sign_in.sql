-- Signing in by password is what an opening-day morning does most: what comes before the password is looked at is one
-- round trip, and so is what comes after.

-- Counts an attempt at a login before its password is looked at, unless it comes too early.
-- waits: seconds to wait after 0, 1, 2… failures in a row, the last for all beyond; those before `forgotten` no longer count.
create function identity.count_attempt(
  login_key bytea, at timestamptz, forgotten timestamptz, waits integer[],
  out counted boolean, out failures integer, out last_failure_at timestamptz
) language plpgsql as $$
#variable_conflict use_column
begin
  -- Locks the row: attempts at one login take turns.
  insert into identity.sign_in_failure as f (login_hash, failures, last_failure_at) values (login_key, 1, at)
  on conflict (tenant_id, login_hash) do update set last_failure_at = at,
    failures = case when f.last_failure_at < forgotten then 1 else f.failures + 1 end
  where f.last_failure_at + make_interval(secs => waits[least(f.failures, array_length(waits, 1) - 1) + 1]) <= at
  returning f.failures, f.last_failure_at into failures, last_failure_at;
  counted := found;
  if not counted then
    select f.failures, f.last_failure_at into failures, last_failure_at
    from identity.sign_in_failure f where f.login_hash = login_key;
  end if;
end
$$;

-- Counts an attempt and finds the account of a login, and the one that it opens: that of the person whom its holder was
-- found to be. Binds the tenant itself. stays: whether its person is, or was, here for a time.
create function identity.begin_sign_in(
  tenant uuid, login_key bytea, typed text, at timestamptz, forgotten timestamptz, waits integer[],
  out counted boolean, out failures integer, out last_failure_at timestamptz, out own jsonb, out opened jsonb,
  out stays boolean
) language plpgsql as $$
#variable_conflict use_column
declare
  mine identity.account;
  other identity.account;
begin
  perform set_config('preau.tenant', tenant::text, true);
  select c.counted, c.failures, c.last_failure_at into counted, failures, last_failure_at
  from identity.count_attempt(login_key, at, forgotten, waits) c;
  if not counted then return; end if;
  select * into mine from identity.account where login = typed;
  if not found then return; end if;
  own := jsonb_build_object('id', mine.id, 'state', mine.state, 'passwordHash', mine.password_hash);
  while mine.merged_into is not null loop
    select * into other from identity.account where id = mine.merged_into;
    exit when not found;
    mine := other;
  end loop;
  opened := jsonb_build_object('id', mine.id, 'state', mine.state, 'passwordHash', mine.password_hash,
    'personId', mine.person_id);
  stays := exists (select from identity.temporary_stay s where s.person_id = mine.person_id);
end
$$;
