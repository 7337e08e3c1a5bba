-- What reading the open data page by page, and taking back what was proposed, need.
create index on governance.decision (agreement_id, decided_at, id);

alter table governance.regularisation drop constraint regularisation_state_check;
alter table governance.regularisation
  add constraint regularisation_state_check check (state in ('proposed', 'adopted', 'rejected', 'withdrawn'));
