-- Who joined again may leave again: once for each membership, and each has its own last day.
drop index governance.membership_act_agreement_id_party_idx1;
create unique index on governance.membership_act (agreement_id, party, last_day) where kind <> 'joining';
