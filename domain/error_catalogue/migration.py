"""Migrations from periodic to perpetual inventory: what a command is refused for."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

MIGRATION: dict[str, Entry] = {
    "PerpetualAlready": Entry(
        Family.REJECTED,
        "A migration is to be planned for a company that keeps perpetual inventory.",
        "Nothing is to be done.",
    ),
    "CutOverAhead": Entry(
        Family.REJECTED,
        "The day of a cut-over is still to come, so stock at its end is not known.",
        "Migrate as of today or earlier.",
    ),
    "AccountDoesNotFit": Entry(
        Family.REJECTED,
        "An account that was chosen for the opening entry is of another kind.",
        "Choose an expense account for purchases, an equity account for earlier years.",
    ),
    "UnknownPlan": Entry(
        Family.REJECTED,
        "The company has no plan of this number.",
        "Make one, and apply it by the number that it prints.",
    ),
    "MigrationNotReady": Entry(
        Family.REJECTED,
        "The plan lists what stands in the way of the migration.",
        "Settle each of these, and make a new plan.",
    ),
    "PlanOutdated": Entry(
        Family.REJECTED,
        "Something was accepted, posted, reposted or published since the plan was made.",
        "Make a new plan, and apply that.",
    ),
    "PlanRolledBack": Entry(
        Family.REJECTED,
        "The plan was applied and taken back.",
        "Make a new plan, and apply that.",
    ),
    "NothingToRollBack": Entry(
        Family.REJECTED,
        "The company has no migration in force.",
        "Nothing is to be done.",
    ),
    "PostedSinceMigration": Entry(
        Family.REJECTED,
        "Documents were posted or accepted after the migration, by the rule of perpetual inventory.",
        "The migration stands; correct single documents by cancels and journals.",
    ),
    "MayNotCopy": Entry(
        Family.REJECTED,
        "The login may not create the database in which a migration is rehearsed.",
        "Give the owner of the database the right to create databases, or rehearse on another server.",
    ),
    "UnfitDatabase": Entry(
        Family.REJECTED,
        "The empty database is not encoded as UTF8.",
        "Make it again from template0, with ENCODING 'UTF8'.",
    ),
    "MigrationOutOfStep": Entry(
        Family.BROKEN,
        "With the opening entry a stock account would still differ from stock.",
        "Nothing was applied. Report it with the plan.",
    ),
}
