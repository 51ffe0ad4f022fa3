"""Going over from periodic to perpetual inventory: planned, rehearsed, applied in one transaction, and taken back."""

from worker.services.migration.applying import apply_plan, roll_back
from worker.services.migration.by_name import apply_for, plan_for
from worker.services.migration.planning import Choice, Plan, make_plan
from worker.services.migration.rehearsing import Rehearsal, rehearse

__all__ = ["Choice", "Plan", "Rehearsal", "apply_for", "apply_plan", "make_plan", "plan_for", "rehearse", "roll_back"]
