-- What proves the journal of an agreement: the tree over its events, the key that signs its size and root, the salts that
-- let a person be forgotten; and how decisions are published.

-- Hashes of the complete subtrees of two leaves or more (RFC 6962): `level` 1 covers 2 leaves, 2 covers 4…
create table governance.journal_node (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  level smallint not null check (level > 0),
  index bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (agreement_id, level, index)
);

create table governance.journal_key (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid primary key references governance.agreement,
  -- Name of the log, as every signature bears it.
  origin text not null,
  public_key bytea not null check (length(public_key) = 32),
  private_key text not null,
  created_at timestamptz not null
);

create table governance.journal_checkpoint (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  size bigint not null check (size > 0),
  -- The signed note, the very bytes that were given out.
  note text not null,
  signed_at timestamptz not null,
  primary key (agreement_id, size)
);

-- Forgetting a person is deleting this row: what the journal holds of them then leads to nobody.
create table governance.journal_salt (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid not null references governance.agreement,
  person_id uuid not null,
  salt bytea not null check (length(salt) = 32),
  primary key (agreement_id, person_id)
);
create index on governance.journal_salt (tenant_id, person_id);

-- Under which name and number a consortium publishes what it decides.
create table governance.publisher (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  agreement_id uuid primary key references governance.agreement,
  name text not null,
  siret text not null check (siret ~ '^\d{14}$')
);

-- Matter of a published decision, by the nomenclature of acts.
create table governance.publication (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  decision_id uuid primary key references governance.decision,
  matter_code text not null check (matter_code ~ '^\d\.\d{1,2}$'),
  matter_name text not null,
  published_at timestamptz not null,
  published_by uuid
);

do $$
declare
  each text;
begin
  foreach each in array array['journal_node', 'journal_key', 'journal_checkpoint', 'journal_salt', 'publisher', 'publication'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update on governance.publisher to preau_app;
grant delete on governance.journal_salt to preau_app;
