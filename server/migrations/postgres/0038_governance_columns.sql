-- What was decided, named or invited is not written anew: of each row, only what its life changes.
revoke update on governance.representative, governance.meeting, governance.decision, governance.agenda_item,
  governance.invitation, governance.attendance, governance.proxy, governance.minutes_correction, governance.notice,
  governance.calendar_feed, governance.change, governance.publisher from preau_app;
grant update (ends_on) on governance.representative to preau_app;
grant update (title, starts_at, ends_at, place, urgent, state, convened_at, opened_at, closed_at, sequence, chair_id,
  secretary_id, convening, without_quorum, cancelled_at, cancel_reason) on governance.meeting to preau_app;
-- Not its words, outcome nor verdict: the follow-up alone.
grant update (due_on, done_at, done_note) on governance.decision to preau_app;
grant update (position, title, text, kind, ballot_rule, subject_kind, subject_id, gist) on governance.agenda_item
  to preau_app;
grant update (role, answer, delegated_to, answered_at) on governance.invitation to preau_app;
grant update (left_at, struck_at) on governance.attendance to preau_app;
grant update (ends_at) on governance.proxy to preau_app;
grant update (state, answer, answered_at) on governance.minutes_correction to preau_app;
grant update (made_at, read_at, settled_at) on governance.notice to preau_app;
grant update (token_hash, created_at) on governance.calendar_feed to preau_app;
grant update (paid, whole_establishment, technical_frame, separable_to, structuring, committed_by, committed_at, state,
  decision_id, in_favour, order_id) on governance.change to preau_app;
grant update (name, siret) on governance.publisher to preau_app;
-- What was done is not undone.
revoke delete on governance.review_done from preau_app;
