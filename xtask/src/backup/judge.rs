//! Whether what was restored is what was there: marks on both sides of the time, rows by table, references, the outbox.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use stages::exit::Failure;
use stages::machine::Machine;

use super::host::Host;
use super::instant::Instant;
use super::marks;
use super::scratch::{Scratch, Target};

/// Tables whose rows are only ever added, and the column that says when.
const GROW: [(&str, &str); 4] =
    [("orders", "placed_at"), ("order_event", "at"), ("account", "created_at"), ("audit", "at")];

/// An application's clock and the database's may differ, and a commit comes behind its time: rows this near to the end are
/// judged by the marks alone.
const BLUR: &str = "interval '15 seconds'";

/// What the running database has, asked when the decision is made. Nothing, where it is gone.
pub struct Before {
    pub last_order: Option<Instant>,
    pub last_mark: Option<Instant>,
    /// The first mark that must not be in a restore to that time.
    first_after: Option<Instant>,
    rows: Vec<String>,
}

fn until(target: Target) -> String {
    match target {
        Target::Time(at) => format!("'{at}'::timestamptz"),
        Target::End => "'infinity'::timestamptz".to_owned(),
    }
}

fn counts(target: Target) -> String {
    let end = until(target);
    let of = |(table, column): &(&str, &str)| {
        format!("SELECT '{table} ' || count(*) FROM {table} WHERE {column} <= {end} - {BLUR}")
    };
    GROW.iter().map(of).collect::<Vec<_>>().join(" UNION ALL ")
}

impl Before {
    pub fn ask(host: &Host, target: Target, machine: &Machine) -> Result<Self> {
        let end = until(target);
        let newest = |table: &str, column: &str| {
            marks::time_of(host, &format!("SELECT max({column}) FROM {table} WHERE {column} <= {end}"), machine)
        };
        let first_after = marks::time_of(host, &format!("SELECT min(at) FROM backup.mark WHERE at > {end}"), machine)?;
        let rows = match target {
            Target::Time(_) => host.ask(&counts(target), machine)?.lines().map(str::to_owned).collect(),
            Target::End => Vec::new(),
        };
        Ok(Before {
            last_order: newest("orders", "placed_at")?,
            last_mark: newest("backup.mark", "at")?,
            first_after,
            rows,
        })
    }
}

/// What a restored database has to say for itself.
pub struct Found {
    pub last_order: Option<Instant>,
    pub last_mark: Option<Instant>,
    pub orders: u64,
}

impl Found {
    /// The last commit that is known of.
    pub fn last(&self) -> Option<Instant> {
        self.last_order.max(self.last_mark)
    }

    pub fn shown(&self) -> Value {
        let text = |at: Option<Instant>| at.map(|at| at.to_string());
        json!({ "last_order": text(self.last_order), "last_mark": text(self.last_mark), "orders": self.orders })
    }
}

/// # Errors
/// The first claim that doesn't hold.
pub fn judge(scratch: &Scratch, before: Option<&Before>, target: Target, machine: &Machine) -> Result<Found> {
    let time = |sql: &str| -> Result<Option<Instant>> {
        let text = scratch.ask(&format!("SELECT to_char(({sql}) AT TIME ZONE 'UTC', {})", marks::UTC), machine)?;
        if text.is_empty() { Ok(None) } else { marks::time(&text).map(Some) }
    };
    let found = Found {
        last_order: time("SELECT max(placed_at) FROM orders")?,
        last_mark: time("SELECT max(at) FROM backup.mark")?,
        orders: scratch.ask("SELECT count(*) FROM orders", machine)?.parse()?,
    };
    references(scratch, machine)?;
    outbox(scratch, machine)?;
    if let (Some(before), Target::Time(at)) = (before, target) {
        marked(before, &found, at)?;
        let rows = scratch.ask(&counts(target), machine)?;
        let rows: Vec<_> = rows.lines().collect();
        ensure!(
            rows == before.rows,
            Failure::check(format!("rows differ: {:?} were there, {rows:?} are", before.rows))
        );
    }
    Ok(found)
}

/// What was before the time is there, what came after it isn't.
fn marked(before: &Before, found: &Found, at: Instant) -> Result<()> {
    let lacks = before.last_mark.filter(|mark| found.last_mark.is_none_or(|found| found < *mark));
    if let Some(mark) = lacks {
        return Err(Failure::check(format!("the mark of {mark}, before {at}, is missing")).into());
    }
    let has = before.first_after.filter(|mark| found.last_mark.is_some_and(|found| found >= *mark));
    if let Some(mark) = has {
        return Err(Failure::check(format!("the mark of {mark} is there, and it came after {at}")).into());
    }
    Ok(())
}

/// Each foreign key of one column is followed from each row.
fn references(scratch: &Scratch, machine: &Machine) -> Result<()> {
    let questions = "SELECT format('SELECT %L WHERE EXISTS (SELECT 1 FROM %s c LEFT JOIN %s p ON c.%I = p.%I \
        WHERE c.%I IS NOT NULL AND p.%I IS NULL)', k.conrelid::regclass::text || '.' || a.attname, k.conrelid::regclass, \
        k.confrelid::regclass, a.attname, b.attname, a.attname, b.attname) FROM pg_constraint k \
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] \
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1] \
        WHERE k.contype = 'f' AND cardinality(k.conkey) = 1";
    let questions = scratch.ask(questions, machine)?;
    ensure!(!questions.is_empty(), Failure::check("the restored database has no tables of ours"));
    let all = questions.lines().collect::<Vec<_>>().join(" UNION ALL ");
    let broken = scratch.ask(&all, machine)?;
    ensure!(broken.is_empty(), Failure::check(format!("{broken} refers to rows that aren't there")));
    Ok(())
}

/// An order and its event are in one transaction: one without the other is half of one.
fn outbox(scratch: &Scratch, machine: &Machine) -> Result<()> {
    let half = "SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = o.id)";
    let half = scratch.ask(half, machine)?;
    ensure!(half == "0", Failure::check(format!("{half} orders have no event: a shop would never hear of them")));
    Ok(())
}
