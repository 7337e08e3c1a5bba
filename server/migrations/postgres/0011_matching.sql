-- One person: who may be whom, who became whom, and what gives them one account.

-- The person this one was found to be. The row stays, for its identifier leads on and the merge can be undone.
alter table directory.person add merged_into uuid check (merged_into <> id);
create index person_merged on directory.person (merged_into) where merged_into is not null;

-- From how many points two people are merged at once, or proposed; a tenant without a row has the defaults.
create table directory.matching_policy (
  tenant_id uuid primary key default kernel.current_tenant() references kernel.tenant,
  automatic integer not null check (automatic between 1 and 1000),
  review integer not null check (review between 1 and automatic),
  changed_at timestamptz not null,
  changed_by uuid
);

-- How names sound in French, computed once for each: the sounds under which another writing of it is looked for.
create table directory.name_sound (
  tenant_id uuid not null default kernel.current_tenant(),
  name text collate "C" not null,
  sounds text[] not null,
  primary key (tenant_id, name)
);

-- Two people who may be one. The older identifier is on the left: it is the one that is kept.
create table directory.match_proposal (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  left_id uuid not null,
  right_id uuid not null check (left_id < right_id),
  points integer not null,
  -- what agrees and differs: [{code, points, left, right}], the most telling first
  parts jsonb not null,
  -- why it is asked though its points would do: staff, kindsDiffer, sameSource, somethingDiffers
  cautions text[] not null,
  -- automatic: to be merged by the job that found it; never: somebody said they are two, for good
  state text not null check (state in ('automatic', 'open', 'later', 'never', 'merged')),
  found_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  unique (left_id, right_id)
);
create index match_proposal_state on directory.match_proposal (tenant_id, state, points desc, id);
create index match_proposal_right on directory.match_proposal (right_id);

-- Two people made one, with all that is needed to make them two again, whenever.
create table directory.merge (
  tenant_id uuid not null default kernel.current_tenant(),
  id uuid primary key,
  kept_id uuid not null,
  merged_id uuid not null,
  points integer,
  parts jsonb not null default '[]',
  merged_at timestamptz not null,
  -- null: by its score alone, or by a command
  merged_by uuid,
  -- day on which the merged person had left before
  former_gone_on date,
  undone_at timestamptz,
  undone_by uuid
);
create index merge_kept on directory.merge (kept_id);
create index merge_merged on directory.merge (merged_id);
create index merge_time on directory.merge (tenant_id, merged_at desc, id desc);

-- The records that described the merged person.
create table directory.merge_record (
  tenant_id uuid not null default kernel.current_tenant(),
  merge_id uuid not null references directory.merge on delete cascade,
  source_id uuid not null,
  kind text not null,
  external_id text not null,
  primary key (merge_id, source_id, kind, external_id)
);

-- The rows of the merged person that no record states: former years, what was given by hand.
create table directory.merge_row (
  tenant_id uuid not null default kernel.current_tenant(),
  merge_id uuid not null references directory.merge on delete cascade,
  -- table, and column that held the merged person
  relation text not null,
  former jsonb not null,
  -- whether the kept person had the same row
  doubled boolean not null
);
create index merge_row_merge on directory.merge_row (merge_id);

-- Whoever is deleted takes along those they were found to be, and what is written of them.
create trigger remove_matches after delete on directory.person referencing old table as removed
  for each statement execute function directory.remove_references('person < merged_into', 'match_proposal < left_id',
    'match_proposal < right_id', 'merge < kept_id', 'merge < merged_id');

-- The account whose holder is the same person: signing in by this one's login opens that one.
alter table identity.account add merged_into uuid references identity.account check (merged_into <> id);
create index account_merged on identity.account (merged_into) where merged_into is not null;

-- What an account gave to another when their holders became one, to be given back if they are two after all.
create table identity.account_merge (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  -- the directory's merged and kept person
  merged_person_id uuid primary key,
  kept_person_id uuid not null,
  -- joined: one account leads to the other; moved: the only account went to the kept person; apart: not without somebody
  -- who has all the rights of both
  state text not null check (state in ('joined', 'swapped', 'moved', 'apart')),
  account_id uuid references identity.account on delete cascade,
  identities uuid[] not null default '{}',
  rights uuid[] not null default '{}',
  -- temporary stays: they end for whoever has the place
  stays uuid[] not null default '{}',
  -- person who made them one; null for the score alone, or a command
  merged_by uuid,
  merged_at timestamptz not null
);

do $$
declare
  each text;
begin
  foreach each in array array['directory.matching_policy', 'directory.name_sound', 'directory.match_proposal',
    'directory.merge', 'directory.merge_record', 'directory.merge_row', 'identity.account_merge']
  loop
    execute format('alter table %s enable row level security', each);
    execute format('alter table %s force row level security', each);
    execute format('create policy tenant_isolation on %s using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert, update, delete on %s to preau_app', each);
  end loop;
end
$$;
