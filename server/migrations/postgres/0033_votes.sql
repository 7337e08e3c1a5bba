-- Ballots, one a round: who was entitled when it opened, what each voted, what came of it.
create table governance.ballot (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  id uuid primary key,
  agreement_id uuid not null references governance.agreement,
  -- The rules are those of the opening, whatever is amended later.
  version_id uuid not null references governance.agreement_version,
  meeting_id uuid not null references governance.meeting,
  agenda_item_id uuid not null references governance.agenda_item,
  rule text not null,
  round integer not null check (round in (1, 2)),
  -- What is voted on: the question alone, or several names.
  options jsonb not null,
  -- Party of the chair, whose voice may break a tie.
  chair_party text,
  head_count_id uuid references governance.head_count,
  -- What was asked for before the vote and the quorum, as they stood at the opening.
  opening jsonb not null,
  -- SHA-256 of the roll as the journal has it.
  roll_digest text not null,
  opened_at timestamptz not null,
  opened_by uuid not null,
  closed_at timestamptz,
  closed_by uuid,
  verdict jsonb,
  decision_id uuid references governance.decision,
  unique (agenda_item_id, round),
  check ((closed_at is null) = (verdict is null))
);
create index on governance.ballot (meeting_id);

-- The roll of voters, frozen when the ballot opens.
create table governance.ballot_voter (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  ballot_id uuid not null references governance.ballot,
  position integer not null,
  party text not null,
  -- Exact: `4.5`.
  voices text not null,
  pupils integer,
  state text not null check (state in ('present', 'represented', 'absent', 'recused')),
  -- Party that acts for it; only of who is represented.
  represented_by text check ((represented_by is null) = (state <> 'represented')),
  -- Who votes for it: its holder, else its deputy, else who sits for the party that acts for it.
  voter_rank text check (voter_rank in ('holder', 'deputy', 'proxy')),
  representative_id uuid references governance.representative,
  person_id uuid check ((person_id is null) = (state in ('absent', 'recused'))),
  primary key (ballot_id, party)
);

-- Votes are replaced until the closing, never erased: the last version counts.
create table governance.ballot_vote (
  tenant_id uuid not null default kernel.current_tenant() references kernel.tenant,
  ballot_id uuid not null,
  party text not null,
  version integer not null check (version > 0),
  choice text not null,
  cast_at timestamptz not null,
  cast_by uuid not null,
  -- Said aloud and written down by who leads the meeting.
  recorded boolean not null,
  primary key (ballot_id, party, version),
  foreign key (ballot_id, party) references governance.ballot_voter
);

create function governance.refuse_closed_ballot() returns trigger language plpgsql as $$
begin
  if (select closed_at from governance.ballot where id = new.ballot_id) is not null then
    raise exception 'nobody votes after the closing';
  end if;
  return new;
end
$$;
create trigger ballot_closed before insert on governance.ballot_vote
  for each row execute function governance.refuse_closed_ballot();

create function governance.refuse_closed_verdict() returns trigger language plpgsql as $$
begin
  raise exception 'a closed ballot is not changed';
end
$$;
create trigger verdict_closed before update on governance.ballot
  for each row when (old.closed_at is not null) execute function governance.refuse_closed_verdict();

do $$
declare
  each text;
begin
  foreach each in array array['ballot', 'ballot_voter', 'ballot_vote'] loop
    execute format('alter table governance.%I enable row level security', each);
    execute format('alter table governance.%I force row level security', each);
    execute format('create policy tenant_isolation on governance.%I using (tenant_id = (select kernel.current_tenant()))', each);
    execute format('grant select, insert on governance.%I to preau_app', each);
  end loop;
end
$$;
grant update (closed_at, closed_by, verdict, decision_id) on governance.ballot to preau_app;
