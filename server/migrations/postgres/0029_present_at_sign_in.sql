-- Whoever leaves the directory while their password is being looked at opens nothing.

-- Opens a session, ends those of its account beyond the most it holds, and notes the sign-in. Binds the tenant itself,
-- unless none is given: the transaction has it, and made sure that the person may come in. Without one they must be
-- present still, who were when the password began to be looked at.
-- seen: whether the account must be as it was seen, active and with this hash; failures at its login are then forgotten.
-- Answers false when it is not.
create or replace function identity.open_session(
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
    or a.state = 'active' and a.merged_into is null and a.password_hash is not distinct from seen_hash)
    and (tenant is null or directory.is_present(a.person_id));
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
