-- Signing in by password in two round trips: one before the password is looked at, one after.

-- Whether the directory has somebody as present, for modules that ask inside their own functions.
create function directory.is_present(person uuid) returns boolean language sql stable as $$
  select exists (select from directory.person p where p.id = person and p.gone_on is null and p.archived_on is null)
$$;

-- As before, and whether the person is plainly there: in the directory, and never for a time only.
drop function identity.begin_sign_in;
create function identity.begin_sign_in(
  tenant uuid, login_key bytea, typed text, at timestamptz, forgotten timestamptz, waits integer[],
  out counted boolean, out failures integer, out last_failure_at timestamptz, out own jsonb, out opened jsonb,
  out stays boolean, out present boolean
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
  present := directory.is_present(mine.person_id);
end
$$;

-- Opens a session, ends those of its account beyond the most it holds, and notes the sign-in. Binds the tenant itself,
-- unless none is given: the transaction has it.
-- seen: whether the account must be as it was seen, active and with this hash; failures at its login are then forgotten.
-- Answers false when it is not.
create function identity.open_session(
  tenant uuid, account uuid, session uuid, token bytea, how text, browser text, at timestamptz, until timestamptz,
  at_provider jsonb, key_of_provider bytea, most integer, seen boolean, seen_hash text, login_key bytea
) returns boolean language plpgsql as $$
begin
  if tenant is not null then
    perform set_config('preau.tenant', tenant::text, true);
  end if;
  insert into identity.session (id, account_id, token_hash, method, device, created_at, last_seen_at, expires_at,
    provider_session, provider_key)
  select session, a.id, token, how, browser, at, at, until, at_provider, key_of_provider
  from identity.account a where a.id = account and (not seen
    or a.state = 'active' and a.merged_into is null and a.password_hash is not distinct from seen_hash);
  if not found then return false; end if;
  delete from identity.session where id in (select s.id from identity.session s
    where s.account_id = account order by s.last_seen_at desc, s.id desc offset most);
  insert into identity.sign_in (id, account_id, attempted_at, method, device, outcome)
  values (session, account, at, how, browser, 'opened');
  if login_key is not null then
    delete from identity.sign_in_failure where login_hash = login_key;
  end if;
  return true;
end
$$;

-- Until which sign-in the uses of the workspace are counted.
create table insight.sign_in_count (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  attempted_at timestamptz not null,
  sign_in_id uuid not null
);
alter table insight.sign_in_count enable row level security;
alter table insight.sign_in_count force row level security;
create policy tenant_isolation on insight.sign_in_count using (tenant_id = (select kernel.current_tenant()));
grant select, insert, update on insight.sign_in_count to preau_app;
