select
  count() as count,
  countIf(score < 0) as negative,
  any(points.shared_activities) as shared_activities
from points
